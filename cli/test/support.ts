/**
 * Runs the `lyceum` command as people do, as a process of its own, and writes exports for it to import.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { sampleDataFolder } from './config.ts';

const main = resolve(import.meta.dirname, '../src/main.ts');
const TIMEOUT_MS = 120_000;

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** For a test that needs the process itself. */
export const commandLine = (...args: readonly string[]): string[] => [main, ...args];

export function lyceum(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolved, reject) => {
    const child = execFile(
      process.execPath,
      [main, ...args],
      { env: { PATH: dirname(process.execPath), ...env }, timeout: TIMEOUT_MS },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolved({ code: child.exitCode ?? 1, stdout, stderr });
      },
    );
  });
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
  /** Writes files of the export, over those that are there. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
}

/** A small export with one unit of three blocks. */
export async function openExport(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'lyceum-cli-test-'));
  const write: Folder['write'] = async (files) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), text);
    }
  };
  await write({
    'course.xml': `<course org="Org" course="C1" url_name="2026" display_name="Small course">
      <chapter url_name="c" display_name="Chapter"><sequential url_name="s" display_name="Section">
        <vertical url_name="v"/></sequential></chapter></course>`,
    'vertical/v.xml': `<vertical display_name="Unit">
      <html url_name="page" display_name="Page"/>
      <problem url_name="sum" display_name="Sum"><numericalresponse answer="4"><label>2 + 2?</label></numericalresponse></problem>
      <poll url_name="x"/>
    </vertical>`,
    'html/page.xml': '<html filename="page" display_name="Page"/>',
    'html/page.html': '<p>As it was.</p>',
  });
  return { path, write, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const beside = resolve(import.meta.dirname, '../../../shared/data/openedx-demo-course');
const folder = sampleDataFolder() ?? beside;

/** The Open edX demo course, real input that is no part of this repository; undefined where it is absent. */
export const sampleCourse: string | undefined = existsSync(join(folder, 'course.xml')) ? folder : undefined;
if (!sampleCourse) console.warn(`The Open edX demo course is not at ${folder}: tests that need it are skipped.`);
