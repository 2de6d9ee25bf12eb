/**
 * Boot environment of the progress subgraph. The only file here that reads process.env.
 *
 * The URLs of the databases have names that depend on the shards, so `@lyceum/database` reads them from `source`.
 */
import { fileURLToPath } from 'node:url';
import { ClaimsEnv, loadEnv, ServiceEnv } from '@lyceum/service-kit';
import { z } from 'zod';

export const ProgressEnv = ServiceEnv.extend({
  ...ClaimsEnv.shape,
  PORT: z.coerce.number().int().min(0).max(65_535).default(4003),
  CONFIG_DIR: z.string().default(fileURLToPath(new URL('../../../config', import.meta.url))),
});
export type ProgressEnv = z.output<typeof ProgressEnv>;

export type EnvSource = Record<string, string | undefined>;

export function readConfig(source: EnvSource = process.env): { env: ProgressEnv; source: EnvSource } {
  return { env: loadEnv(ProgressEnv, source), source };
}
