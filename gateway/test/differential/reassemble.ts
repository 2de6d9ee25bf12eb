/**
 * Puts an answer that came in parts together again, by the rules of incremental delivery.
 *
 * A part completes the object at its path; what two parts say of one field must agree. There is one difference between an
 * answer in parts and a whole one: a null that may not stand stops at its part, since what was delivered stays. So where a
 * part is null, the null is carried on upwards, to where `expected` has it. Only there: a part that is null where the
 * whole answer has an object is a fault, as is everything else that a client could not make sense of. Faults become errors
 * without a path, which no comparison forgives.
 */
import { writeResult } from '../../src/http/write-result.ts';
import type { Result } from '../../src/pipeline.ts';
import type { Answer } from './compare.ts';

type Path = readonly (string | number)[];
interface Written extends Answer {
  readonly hasNext: boolean;
  readonly incremental?: readonly (Answer & { readonly path: Path })[];
}
type Errors = NonNullable<Answer['errors']>;

export async function reassemble(results: AsyncIterable<Result>, expected: Answer): Promise<Answer> {
  const root: { data: unknown } = { data: undefined };
  const faults: string[] = [];
  const told = new Map<string, Errors[number]>();
  const failed: Path[] = [];
  const tell = (given: Errors = []) => {
    for (const error of given) {
      const key = JSON.stringify(error.path) ?? '';
      if (!told.has(key)) told.set(key, error);
    }
  };
  let more = true;
  for await (const result of results) {
    if (!more) faults.push('a result after the last');
    const { data, errors, incremental = [], hasNext } = JSON.parse(writeResult(result)) as Written;
    if (root.data === undefined) root.data = data;
    else if (data !== undefined) faults.push('data twice');
    more = hasNext;
    tell(errors);
    for (const part of incremental) {
      tell(part.errors);
      const target = at(root, ['data', ...part.path]);
      if (target === undefined) faults.push(`a part for nothing at ${JSON.stringify(part.path)}`);
      else if (part.data === null) {
        failed.push(part.path);
        if (!part.errors?.length) faults.push(`a part is null without an error at ${JSON.stringify(part.path)}`);
      } else if (target !== null) merge(target, part.data, faults);
    }
  }
  if (more) faults.push('no last result');
  for (const path of failed) {
    const end = nullOn(expected.data, path);
    if (end === null) faults.push(`a part is null at ${JSON.stringify(path)}, where it need not be`);
    else set(root, ['data', ...path.slice(0, end)]);
  }
  const all = [...faults.map((message) => ({ message })), ...told.values()];
  return { data: root.data, ...(all.length > 0 && { errors: all }) };
}

/** Keys in one order: parts come when they come. */
export function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (typeof value !== 'object' || value === null) return value;
  const ordered: [string, unknown][] = Object.entries(value).map(([key, inner]) => [key, inKeyOrder(inner)]);
  return Object.fromEntries(ordered.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a part made null stays null. */
function merge(target: unknown, part: unknown, faults: string[]): unknown {
  if (target === undefined) return part;
  if (target === null || part === null) return null;
  if (Array.isArray(target) && Array.isArray(part) && target.length === part.length) {
    for (const [index, item] of part.entries()) target[index] = merge(target[index], item, faults);
    return target;
  }
  if (isObject(target) && isObject(part)) {
    for (const [key, value] of Object.entries(part)) {
      const merged = merge(Object.hasOwn(target, key) ? target[key] : undefined, value, faults);
      Object.defineProperty(target, key, { value: merged, enumerable: true, writable: true, configurable: true });
    }
    return target;
  }
  if (JSON.stringify(target) !== JSON.stringify(part)) {
    faults.push(`parts disagree: ${JSON.stringify(target)} and ${JSON.stringify(part)}`);
  }
  return target;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Null where a null lies on the way; undefined where nothing does. */
function at(value: unknown, path: Path): unknown {
  let found: unknown = value;
  for (const key of path) {
    if (found === null) return null;
    if (typeof found !== 'object' || !Object.hasOwn(found as object, key)) return undefined;
    found = (found as Record<string | number, unknown>)[key];
  }
  return found;
}

function nullOn(data: unknown, path: Path): number | null {
  for (let end = 0; end <= path.length; end += 1)
    if (at({ data }, ['data', ...path.slice(0, end)]) === null) return end;
  return null;
}

function set(root: { data: unknown }, path: Path): void {
  const above = at(root, path.slice(0, -1));
  if (typeof above === 'object' && above !== null) (above as Record<string | number, unknown>)[path.at(-1)!] = null;
}
