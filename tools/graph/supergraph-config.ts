/**
 * Reads supergraph.yaml (rover's format): the one list of subgraphs that composition and code generation share.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

export const repositoryRoot = path.resolve(import.meta.dirname, '../..');

const SupergraphConfig = z.strictObject({
  federation_version: z.string(),
  subgraphs: z.record(
    z.string(),
    z.strictObject({ routing_url: z.url(), schema: z.strictObject({ file: z.string() }) }),
  ),
});

export interface SubgraphSource {
  readonly name: string;
  readonly url: string;
  /** Relative to the repository root. */
  readonly schemaFile: string;
  readonly sdl: string;
}

/** Throws a message that names the file and the key when supergraph.yaml or a schema file is not as it must be. */
export function readSubgraphs(): SubgraphSource[] {
  const file = path.join(repositoryRoot, 'supergraph.yaml');
  const parsed = SupergraphConfig.safeParse(parseYaml(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`supergraph.yaml: ${z.prettifyError(parsed.error)}`);
  return Object.entries(parsed.data.subgraphs).map(([name, { routing_url, schema }]) => ({
    name,
    url: routing_url,
    schemaFile: path.normalize(schema.file),
    sdl: readFileSync(path.join(repositoryRoot, schema.file), 'utf8'),
  }));
}
