/**
 * Boot environment of the embedded model server. The only file here that reads process.env.
 */
import { loadEnv, Port, ServiceEnv } from '@lyceum/service-kit';
import { z } from 'zod';

export const EmbeddedModelEnv = ServiceEnv.pick({ HOST: true, LOG_LEVEL: true }).extend({
  PORT: Port.default(4006),
  /** So that streams can be seen. 0: as fast as it can. */
  EMBEDDED_TOKENS_PER_SECOND: z.coerce.number().nonnegative().default(400),
});
export type EmbeddedModelEnv = z.output<typeof EmbeddedModelEnv>;

export function readConfig(): EmbeddedModelEnv {
  return loadEnv(EmbeddedModelEnv, process.env);
}
