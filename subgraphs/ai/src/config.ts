/**
 * Boot environment of the ai subgraph. The only file here that reads process.env.
 *
 * The URLs of the databases have names that depend on the shards, so `@lyceum/database` reads them from `source`.
 */
import { fileURLToPath } from 'node:url';
import { ClaimsEnv, loadEnv, ServiceEnv } from '@lyceum/service-kit';
import { z } from 'zod';

export const AiEnv = ServiceEnv.extend({
  ...ClaimsEnv.shape,
  PORT: z.coerce.number().int().min(0).max(65_535).default(4004),
  /** Where lessons are read as the viewer: the gateway, with or without `/graphql`. */
  GATEWAY_URL: z.url(),
  CONFIG_DIR: z.string().default(fileURLToPath(new URL('../../../config', import.meta.url))),
});
export type AiEnv = z.output<typeof AiEnv>;

export type EnvSource = Record<string, string | undefined>;

export function readConfig(source: EnvSource = process.env): { env: AiEnv; source: EnvSource } {
  return { env: loadEnv(AiEnv, source), source };
}
