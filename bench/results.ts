/**
 * The files that figures are kept in. Whole runs lie in `bench/results/` and are committed; others in `.lyceum/bench/`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Row } from './gateway/compare.ts';
import type { Circumstances } from './machine.ts';

const root = join(import.meta.dirname, '..');
const kept = join(import.meta.dirname, 'results');

export interface GatewayResults extends Circumstances {
  readonly name: 'gateway';
  readonly holds: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly ratios: Readonly<Record<string, number | null>>;
  readonly participants: readonly Row[];
}

/** Returns the path from the root of the repository. */
export function writeResults(results: Circumstances & { readonly name: string }, whole: boolean): string {
  const folder = whole ? kept : join(root, '.lyceum/bench');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${results.name}-${results.date.slice(0, 10)}.json`);
  const numbers = (_key: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  writeFileSync(file, `${JSON.stringify(results, numbers, 2)}\n`);
  return relative(root, file);
}

/** Without a path, the last whole run. */
export function readGatewayResults(path: string | undefined): { results: GatewayResults; file: string } {
  const last = readdirSync(kept)
    .filter((name) => /^gateway-\d.*\.json$/.test(name))
    .sort()
    .at(-1);
  if (!path && !last) throw new Error('There are no results yet: run `npm run bench -- gateway` first.');
  const file = path ?? join(kept, last as string);
  return { results: JSON.parse(readFileSync(file, 'utf8')) as GatewayResults, file: relative(root, file) };
}
