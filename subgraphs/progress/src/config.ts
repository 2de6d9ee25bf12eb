/**
 * Boot environment of the progress subgraph. The only file here that reads process.env.
 *
 * The URLs of the databases have names that depend on the shards, so `@lyceum/database` reads them from `source`.
 */
import { ClaimsEnv, type Environment, loadEnv, Port, ServiceEnv } from '@lyceum/service-kit';
import type { z } from 'zod';

export const ProgressEnv = ServiceEnv.extend({
  ...ClaimsEnv.shape,
  PORT: Port.default(4003),
});
export type ProgressEnv = z.output<typeof ProgressEnv>;

export function readConfig(source: Environment = process.env): { env: ProgressEnv; source: Environment } {
  return { env: loadEnv(ProgressEnv, source), source };
}
