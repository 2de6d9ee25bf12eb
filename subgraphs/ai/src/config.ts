/**
 * Boot environment of the ai subgraph. The only file here that reads process.env.
 *
 * The URLs of the databases have names that depend on the shards, so `@lyceum/database` reads them from `source`.
 */
import { ClaimsEnv, type Environment, loadEnv, Port, ServiceEnv } from '@lyceum/service-kit';
import { z } from 'zod';

export const AiEnv = ServiceEnv.extend({
  ...ClaimsEnv.shape,
  PORT: Port.default(4004),
  /** Where lessons are read as the viewer: the gateway, with or without `/graphql`. */
  GATEWAY_URL: z.url(),
});
export type AiEnv = z.output<typeof AiEnv>;

export function readConfig(source: Environment = process.env): { env: AiEnv; source: Environment } {
  return { env: loadEnv(AiEnv, source), source };
}
