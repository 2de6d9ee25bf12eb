import { loadEnv } from '@lyceum/service-kit';
import { z } from 'zod';

export const EmbeddedModelEnv = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4_006),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** So that streams can be seen. 0: as fast as it can. */
  EMBEDDED_TOKENS_PER_SECOND: z.coerce.number().nonnegative().default(400),
});
export type EmbeddedModelEnv = z.output<typeof EmbeddedModelEnv>;

export function readConfig(): EmbeddedModelEnv {
  return loadEnv(EmbeddedModelEnv, process.env);
}
