/**
 * Finds the objects that a plan's path leads to: `products.@.reviews.@.author`, where `@` is any element of a list and
 * `name|[Book,Film]` goes on only from values of these types.
 *
 * Twice: `collect` is what every request pays for and gives the bare objects; `walk` also says where each one stands in
 * the response and what lies above it, for errors and for arguments taken from a context.
 */
import { type Data, isData, readKey } from './data.ts';
import type { TypeTest } from './type-conditions.ts';

export interface ObjectPath {
  /**
   * Each object once, however many places of the response it stands for. `repeated` holds every object and list that stands
   * in several places as one.
   */
  collect(root: Data, repeated: ReadonlySet<unknown>, slots?: Slots): Data[];
  /** Every place, in the response's order. `above` holds the objects passed on the way, the root first. */
  walk(root: Data, visit: (object: Data, path: readonly (string | number)[], above: readonly Data[]) => void): void;
}

/** Where each of the objects that were collected stands: `holders[i][keys[i]]`. */
export interface Slots {
  readonly holders: (Data | unknown[])[];
  readonly keys: (string | number)[];
}

interface PathElement {
  /** Null for a list's elements. */
  readonly key: string | null;
  /** Empty without a type condition. Tested on what the key leads to. */
  readonly types: readonly string[];
}

interface Found {
  readonly objects: Data[];
  readonly slots?: Slots;
  readonly repeated?: ReadonlySet<unknown>;
  /** Those of `repeated` that need not be entered again. */
  readonly passed?: Set<unknown>;
}

export function compilePath(elements: readonly (string | number)[], isA: TypeTest): ObjectPath {
  const path = elements.map(parseElement);

  function fits(value: Data, types: readonly string[]): boolean {
    if (types.length === 0) return true;
    const typename = value.__typename;
    return typeof typename === 'string' && types.some((type) => isA(typename, type));
  }

  function gather(
    value: unknown,
    depth: number,
    found: Found,
    holder: Data | unknown[] | undefined,
    key: string | number,
  ): void {
    if (typeof value !== 'object' || value === null) return;
    // One value is reached at one depth only: it stands in several places because one fetch put it there.
    if (found.repeated?.has(value)) {
      if (found.passed?.has(value)) return;
      found.passed?.add(value);
    }
    const element = path[depth];
    if (Array.isArray(value)) {
      const next = element?.key === null ? depth + 1 : depth;
      for (let index = 0; index < value.length; index += 1) gather(value[index], next, found, value, index);
      return;
    }
    if (depth > 0 && !fits(value as Data, path[depth - 1]!.types)) return;
    if (!element) {
      found.objects.push(value as Data);
      if (found.slots && holder) {
        found.slots.holders.push(holder);
        found.slots.keys.push(key);
      }
    } else if (element.key === '') {
      found.passed?.delete(value);
      gather(value, depth + 1, found, holder, key);
    } else if (element.key !== null) {
      gather(readKey(value as Data, element.key), depth + 1, found, value as Data, element.key);
    }
  }

  const walk: ObjectPath['walk'] = (root, visit) => {
    const place: (string | number)[] = [];
    const above: Data[] = [];
    const step = (value: unknown, depth: number): void => {
      if (Array.isArray(value)) {
        const next = path[depth]?.key === null ? depth + 1 : depth;
        for (const [index, item] of value.entries()) {
          place.push(index);
          step(item, next);
          place.pop();
        }
        return;
      }
      if (!isData(value) || (depth > 0 && !fits(value, path[depth - 1]!.types))) return;
      const element = path[depth];
      if (!element) visit(value, [...place], [...above]);
      else if (element.key === '') step(value, depth + 1);
      else if (element.key !== null) {
        place.push(element.key);
        above.push(value);
        step(readKey(value, element.key), depth + 1);
        above.pop();
        place.pop();
      }
    };
    step(root, 0);
  };

  return {
    collect(root, repeated, slots) {
      if (path.length === 0) return [root];
      const found: Found = { objects: [], slots, ...(repeated.size > 0 && { repeated, passed: new Set() }) };
      gather(root, 0, found, undefined, '');
      return found.objects;
    },
    walk,
  };
}

/** A condition before any key (`|[Query]`) reads as one on the value itself. */
function parseElement(element: string | number): PathElement {
  const [, name = '', types = ''] = /^([^|]*)(?:\|\[(.*)\])?$/.exec(String(element)) ?? [];
  return { key: name === '@' ? null : name, types: types.split(',').filter(Boolean) };
}
