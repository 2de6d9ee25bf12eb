/**
 * Writes a generated file, or with `check` compares it with what is committed and reports the drift.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from './supergraph-config.ts';

export type Mode = 'write' | 'check';

export function modeFromArguments(args: readonly string[]): Mode {
  return args.includes('--check') ? 'check' : 'write';
}

/** Returns true if the file already held `content`. In `check` mode nothing is written. */
export function putGenerated(file: string, content: string, mode: Mode): boolean {
  const target = path.join(repositoryRoot, file);
  const same = readIfThere(target) === content;
  if (!same && mode === 'write') {
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
  console.log(`${same ? '  same ' : mode === 'write' ? '  wrote' : '  DRIFT'} ${file}`);
  return same;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
