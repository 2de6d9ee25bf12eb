/**
 * Finds the fetches whose answer may be put in several places without a copy for each.
 *
 * Two places with the same representation get the same answer. The objects in it may stay the same object as long as
 * whatever is merged into them later depends on nothing but themselves. It does not where another fetch completes the
 * same fields from a representation of its own, where an argument is taken from what lies above, or where the way to them
 * is open only below some types.
 */
import type { FetchStep } from './fetch-step.ts';
import { pathOf } from './fetched-fields.ts';

export function sharedAnswers(fetches: readonly FetchStep[]): ReadonlySet<FetchStep> {
  return new Set(
    fetches.filter((fetch) => fetch.compositeKeys.length === 0 || !fetches.some((other) => interferes(fetch, other))),
  );
}

/**
 * Finds the fetches that may join references: objects of which nothing is known but the same representation become one
 * object, which then is asked for, completed and written once, wherever it stands.
 *
 * One fetch must have brought the references, and whatever is merged into them must reach all of them alike.
 */
export function joinedReferences(
  fetches: readonly FetchStep[],
  shared = sharedAnswers(fetches),
): ReadonlySet<FetchStep> {
  const mayJoin = (fetch: FetchStep): boolean => {
    if (!fetch.represent || fetch.context || !shared.has(fetch)) return false;
    const providers = fetches.filter((other) => other !== fetch && brings(other, fetch.pattern));
    return providers.length === 1 && fetches.every((other) => other === fetch || isAlike(fetch, other));
  };
  return new Set(fetches.filter(mayJoin));
}

/** Whether the answer may hold objects that stand where the pattern leads. */
function brings({ pattern: start, objectPaths }: FetchStep, pattern: readonly string[]): boolean {
  if (start.length >= pattern.length || !leadsTo(start, pattern)) return false;
  const way = pattern.slice(start.length).map(nameOf);
  return objectPaths === null || objectPaths.has(pathOf(way.filter((name) => name !== '@')));
}

/** Whether the other one reaches all of the same objects, if any. */
function isAlike(fetch: FetchStep, other: FetchStep): boolean {
  if (!leadsTo(fetch.pattern, other.pattern)) return true;
  if (other.context) return false;
  return fetch.pattern.every((element, index) => element === other.pattern[index] && element !== '');
}

function leadsTo(start: readonly string[], pattern: readonly string[]): boolean {
  return start.every((element, index) => pattern[index] !== undefined && nameOf(element) === nameOf(pattern[index]));
}

function interferes(fetch: FetchStep, other: FetchStep): boolean {
  if (other === fetch || !leadsTo(fetch.pattern, other.pattern)) return false;
  const start = other.pattern.slice(0, fetch.pattern.length);
  if (!start.every((element, index) => element === fetch.pattern[index])) return true;
  if (other.pattern.length > fetch.pattern.length) return other.context !== undefined;
  return other.compositeKeys.some((key) => fetch.compositeKeys.includes(key));
}

function nameOf(element: string): string {
  return element.split('|', 1)[0]!;
}
