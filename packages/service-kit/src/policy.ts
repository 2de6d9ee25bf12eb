/**
 * Hot policy: a YAML file without secrets that takes effect without a restart.
 *
 * The first read must be good. After that a bad edit is logged with every reason, and the last good value stays.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { ConfigError, describeIssues } from './env.ts';
import { watchFileChanges } from './file-changes.ts';
import type { Logger } from './logger.ts';

/** Read `.current` at each use, never keep it. */
export interface Live<T> {
  readonly current: T;
}

export interface Policy<T> extends Live<T> {
  /** Reads the file now. False: nothing changed or the file is bad. */
  reload(): Promise<boolean>;
  close(): Promise<void>;
}

export async function openPolicy<S extends z.ZodType>(
  file: string,
  schema: S,
  { log, watch = true }: { log: Logger; watch?: boolean },
): Promise<Policy<z.output<S>>> {
  const path = resolve(file);
  let text = await readFile(path, 'utf8');
  let current = parsePolicy(path, text, schema);
  let closed = false;

  const reload = async (): Promise<boolean> => {
    try {
      const next = await readFile(path, 'utf8');
      if (closed || next === text) return false;
      const value = parsePolicy(path, next, schema);
      text = next;
      current = value;
    } catch (err) {
      log.error({ err, file: path }, 'policy edit refused, the last good one stays');
      return false;
    }
    log.info({ file: path }, 'policy changed');
    return true;
  };

  const watcher = watch
    ? watchFileChanges(path, {
        changed: () => void reload(),
        failed: (err) => log.error({ err, file: path }, 'policy is no longer watched'),
      })
    : undefined;

  return {
    get current() {
      return current;
    },
    reload,
    async close() {
      closed = true;
      watcher?.close();
    },
  };
}

/** A policy that never changes: for tests and for tools that read it once. */
export function fixedPolicy<T>(current: T): Live<T> {
  return { current };
}

function parsePolicy<S extends z.ZodType>(path: string, text: string, schema: S): z.output<S> {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    throw new ConfigError(
      path,
      document.errors.map((error) => error.message),
    );
  }
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (!parsed.success) throw new ConfigError(path, describeIssues(parsed.error));
  return parsed.data;
}
