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
  /** Each object once, however many places of the response it stands for. */
  collect(root: Data): Data[];
  /** Every place, in the response's order. `above` holds the objects passed on the way, the root first. */
  walk(root: Data, visit: (object: Data, path: readonly (string | number)[], above: readonly Data[]) => void): void;
}

interface PathElement {
  /** Null for a list's elements. */
  readonly key: string | null;
  /** Empty without a type condition. Tested on what the key leads to. */
  readonly types: readonly string[];
}

export function compilePath(elements: readonly (string | number)[], isA: TypeTest): ObjectPath {
  const path = elements.map(parseElement);

  function fits(value: Data, types: readonly string[]): boolean {
    if (types.length === 0) return true;
    const typename = value.__typename;
    return typeof typename === 'string' && types.some((type) => isA(typename, type));
  }

  function gather(value: unknown, depth: number, found: Set<Data>): void {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      const next = path[depth]?.key === null ? depth + 1 : depth;
      for (const item of value) gather(item, next, found);
      return;
    }
    if (depth > 0 && !fits(value as Data, path[depth - 1]!.types)) return;
    const element = path[depth];
    if (!element) found.add(value as Data);
    else if (element.key === '') gather(value, depth + 1, found);
    else if (element.key !== null) gather(readKey(value as Data, element.key), depth + 1, found);
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
    collect(root) {
      if (path.length === 0) return [root];
      const found = new Set<Data>();
      gather(root, 0, found);
      return [...found];
    },
    walk,
  };
}

/** A condition before any key (`|[Query]`) reads as one on the value itself. */
function parseElement(element: string | number): PathElement {
  const [, name = '', types = ''] = /^([^|]*)(?:\|\[(.*)\])?$/.exec(String(element)) ?? [];
  return { key: name === '@' ? null : name, types: types.split(',').filter(Boolean) };
}
