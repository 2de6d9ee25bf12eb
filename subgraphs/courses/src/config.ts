/**
 * Boot environment of the courses subgraph. The only file here that reads process.env.
 *
 * The URLs of the databases have names that depend on the shards, so `@lyceum/database` reads them from `source`.
 */
import { ClaimsEnv, type Environment, loadEnv, Port, ServiceEnv } from '@lyceum/service-kit';
import type { z } from 'zod';

export const CoursesEnv = ServiceEnv.extend({
  ...ClaimsEnv.shape,
  PORT: Port.default(4002),
});
export type CoursesEnv = z.output<typeof CoursesEnv>;

export function readConfig(source: Environment = process.env): { env: CoursesEnv; source: Environment } {
  return { env: loadEnv(CoursesEnv, source), source };
}
