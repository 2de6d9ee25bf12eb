/**
 * What an examination found.
 */
import { reasonOf } from '../failure.ts';

export interface Finding {
  readonly part: string;
  /** What is wrong and what helps; undefined if nothing is. */
  readonly wrong?: string;
  readonly note?: string;
  /** True if nothing is known about the part, good or bad. */
  readonly skipped?: boolean;
}

/** Runs an examination that throws what is wrong, and returns a note. */
export async function finding(part: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return { part, note: await work() };
  } catch (error) {
    return { part, wrong: reasonOf(error) };
  }
}
