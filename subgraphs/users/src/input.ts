/**
 * Checks of what people type, shared by the features.
 */
import { LyceumError } from '@lyceum/service-kit';
import type { z } from 'zod';

/** Characters as a person counts them, near enough: code points. */
export function countCharacters(text: string): number {
  return [...text].length;
}

/** Controls other than tab and line breaks: never typed, and Postgres refuses some. */
export function hasControls(text: string): boolean {
  return /[^\P{Cc}\t\n\r]/u.test(text);
}

/** Throws BAD_USER_INPUT that names each argument at fault and the reason. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => ({ argument: path.join('.'), reason: message }));
  const message = faults.map(({ argument, reason }) => `${argument}: ${reason}`).join('; ');
  throw new LyceumError('BAD_USER_INPUT', message, { ...faults[0], faults });
}
