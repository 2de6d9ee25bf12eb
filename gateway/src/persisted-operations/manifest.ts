/**
 * Reads a manifest of trusted documents, in the format in which Apollo's tools write it.
 */
import { ConfigError, describeIssues } from '@lyceum/service-kit';
import { z } from 'zod';

const Manifest = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(z.object({ id: z.string().min(1).max(256), body: z.string().min(1) })),
});

export interface Manifest {
  /** The text of the document with this id, which may be written as `sha256:…`. */
  textOf(id: string): string | undefined;
  /** Whether a document is in it, to the letter. */
  holds(text: string): boolean;
  readonly size: number;
}

export const EMPTY_MANIFEST: Manifest = createManifest(new Map());

/** Throws a ConfigError with every reason. `file` is for the message. */
export function parseManifest(file: string, json: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new ConfigError(file, [(error as Error).message]);
  }
  const parsed = Manifest.safeParse(value);
  if (!parsed.success) throw new ConfigError(file, describeIssues(parsed.error));
  const texts = new Map<string, string>();
  for (const { id, body } of parsed.data.operations) {
    if ((texts.get(id) ?? body) !== body) throw new ConfigError(file, [`operations: two documents have the id ${id}`]);
    texts.set(id, body);
  }
  return createManifest(texts);
}

const HASH_PREFIX = 'sha256:';

function createManifest(texts: ReadonlyMap<string, string>): Manifest {
  const known = new Set(texts.values());
  return {
    textOf: (id) => texts.get(id) ?? (id.startsWith(HASH_PREFIX) ? texts.get(id.slice(HASH_PREFIX.length)) : undefined),
    holds: (text) => known.has(text),
    size: texts.size,
  };
}
