/**
 * Boot environment of the users subgraph. The only file here that reads process.env.
 *
 * The URLs of the databases have names that depend on the shards, so `@lyceum/database` reads them from `source`.
 */
import { ClaimsEnv, type Environment, loadEnv, Port, ServiceEnv } from '@lyceum/service-kit';
import { z } from 'zod';

export const UsersEnv = ServiceEnv.extend({
  ...ClaimsEnv.shape,
  PORT: Port.default(4001),
  /** RS256 private key, PKCS8 PEM. Its public half is served at /.well-known/jwks.json. */
  AUTH_PRIVATE_KEY_FILE: z.string(),
});
export type UsersEnv = z.output<typeof UsersEnv>;

export function readConfig(source: Environment = process.env): { env: UsersEnv; source: Environment } {
  return { env: loadEnv(UsersEnv, source), source };
}
