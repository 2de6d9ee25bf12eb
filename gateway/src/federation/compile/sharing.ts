/**
 * Finds the fetches whose answer may be put in several places without a copy for each.
 *
 * Two places with the same representation get the same answer. The objects in it may stay the same object as long as
 * whatever is merged into them later depends on nothing but themselves. It does not where another fetch completes the
 * same fields from a representation of its own, where an argument is taken from what lies above, or where the way to them
 * is open only below some types.
 */
import type { FetchStep } from './fetch-step.ts';

export function sharedAnswers(fetches: readonly FetchStep[]): ReadonlySet<FetchStep> {
  return new Set(
    fetches.filter((fetch) => fetch.compositeKeys.length === 0 || !fetches.some((other) => interferes(fetch, other))),
  );
}

function interferes(fetch: FetchStep, other: FetchStep): boolean {
  if (other === fetch || other.pattern.length < fetch.pattern.length) return false;
  const start = other.pattern.slice(0, fetch.pattern.length);
  if (!start.every((element, index) => nameOf(element) === nameOf(fetch.pattern[index]!))) return false;
  if (!start.every((element, index) => element === fetch.pattern[index])) return true;
  if (other.pattern.length > fetch.pattern.length) return other.context !== undefined;
  return other.compositeKeys.some((key) => fetch.compositeKeys.includes(key));
}

function nameOf(element: string): string {
  return element.split('|', 1)[0]!;
}
