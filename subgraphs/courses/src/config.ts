/**
 * Boot environment of the courses subgraph. The only file here that reads process.env.
 *
 * The URLs of the databases have names that depend on the shards, so `@lyceum/database` reads them from `source`.
 */
import { fileURLToPath } from 'node:url';
import { ClaimsEnv, loadEnv, ServiceEnv } from '@lyceum/service-kit';
import { z } from 'zod';

export const CoursesEnv = z.object({
  ...ServiceEnv.shape,
  ...ClaimsEnv.shape,
  PORT: z.coerce.number().int().min(0).max(65_535).default(4002),
  CONFIG_DIR: z.string().default(fileURLToPath(new URL('../../../config', import.meta.url))),
});
export type CoursesEnv = z.output<typeof CoursesEnv>;

export type EnvSource = Readonly<Record<string, string | undefined>>;

export function readConfig(source: EnvSource = process.env): { env: CoursesEnv; source: EnvSource } {
  return { env: loadEnv(CoursesEnv, source), source };
}
