/**
 * Checks of what people type.
 */
import { LyceumError } from '@lyceum/service-kit';
import type { z } from 'zod';

/** Throws BAD_USER_INPUT that names each argument at fault, as `input.<field>`, and the reason. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => ({
    argument: ['input', ...path].join('.'),
    reason: message,
  }));
  const message = faults.map(({ argument, reason }) => `${argument}: ${reason}`).join('; ');
  throw new LyceumError('BAD_USER_INPUT', message, { ...faults[0], faults });
}
