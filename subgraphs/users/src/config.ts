/**
 * Boot environment of the users subgraph. The only file here that reads process.env.
 *
 * The URLs of the databases have names that depend on the shards, so `@lyceum/database` reads them from `source`.
 */
import { fileURLToPath } from 'node:url';
import { ClaimsEnv, loadEnv, ServiceEnv } from '@lyceum/service-kit';
import { z } from 'zod';

export const UsersEnv = z.object({
  ...ServiceEnv.shape,
  ...ClaimsEnv.shape,
  PORT: z.coerce.number().int().min(0).max(65_535).default(4001),
  /** RS256 private key, PKCS8 PEM. Its public half is served at /.well-known/jwks.json. */
  AUTH_PRIVATE_KEY_FILE: z.string(),
  CONFIG_DIR: z.string().default(fileURLToPath(new URL('../../../config', import.meta.url))),
});
export type UsersEnv = z.output<typeof UsersEnv>;

export type EnvSource = Readonly<Record<string, string | undefined>>;

export function readConfig(source: EnvSource = process.env): { env: UsersEnv; source: EnvSource } {
  return { env: loadEnv(UsersEnv, source), source };
}
