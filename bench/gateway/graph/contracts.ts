/**
 * The contracts of the four subgraphs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const subgraphNames = ['accounts', 'inventory', 'products', 'reviews'] as const;
export type SubgraphName = (typeof subgraphNames)[number];
export type SubgraphUrls = Readonly<Record<SubgraphName, string>>;

export function readContract(name: SubgraphName): string {
  return readFileSync(join(import.meta.dirname, `${name}.graphql`), 'utf8');
}
