/**
 * The contracts of the two subgraphs: one tells of events, the other completes them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const subgraphNames = ['orders', 'products'] as const;
export type SubgraphUrls = Readonly<Record<(typeof subgraphNames)[number], string>>;

const read = (file: string) => readFileSync(join(import.meta.dirname, `${file}.graphql`), 'utf8');

export function readContract(name: (typeof subgraphNames)[number]): string {
  return read('header') + read(name);
}
