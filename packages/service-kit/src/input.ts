/**
 * Checks of what people type.
 */
import type { z } from 'zod';
import { describeIssues } from './env.ts';
import { LyceumError } from './errors.ts';

/** Throws BAD_USER_INPUT that names each field at fault and the reason, the first also as `badInput` does. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => ({ argument: path.join('.'), reason: message }));
  throw new LyceumError('BAD_USER_INPUT', describeIssues(parsed.error).join('; '), { ...faults[0], faults });
}

/** Controls other than tab and line breaks: never typed, and Postgres refuses some. */
export function hasControls(text: string): boolean {
  return /[^\P{Cc}\t\n\r]/u.test(text);
}

/** What a database can keep as text: no NUL, which Postgres refuses, and no half of a surrogate pair, which is no character. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
