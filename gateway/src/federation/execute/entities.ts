/**
 * Gathers the entities that one request asks for: equal representations are sent once.
 *
 * Most representations are a type and the leaves of a key. Those are recognised by their values, one step of a tree for each,
 * and written only when they come first; whatever else is recognised by its text.
 */
import { type Data, readKey } from '../compile/data.ts';
import type { Representation } from '../compile/representations.ts';
import type { AskedEntities } from './fetch-errors.ts';
import type { Join } from './join.ts';

/** Values of the leaves, one after the other → the number of the representation. */
type Tree = Map<unknown, Tree | number>;

interface TypeIndex {
  readonly keys: readonly string[] | null;
  readonly tree: Tree;
}

export class Entities implements AskedEntities {
  readonly context: string;
  readonly objects: Data[] = [];
  readonly representations: string[] = [];
  readonly places: Data[][] = [];
  readonly #represent: Representation;
  /** By representation: whether nothing else is known of the first object. */
  readonly #bare: boolean[] = [];
  readonly #byText = new Map<string, number>();
  readonly #byType = new Map<string, TypeIndex>();

  constructor(represent: Representation, context: string) {
    this.#represent = represent;
    this.context = context;
  }

  /**
   * False if the entity cannot be asked for. `mayLack` tells of fields that may be left out. With `join`, the object gives
   * way to one that is equal.
   */
  add(object: Data, mayLack: (key: string) => boolean, join?: Join): boolean {
    const { __typename: typename } = object;
    const type = typeof typename === 'string' ? (this.#byType.get(typename) ?? this.#index(typename)) : undefined;
    const tree = type?.keys && branchOf(type.tree, type.keys, object);
    if (!tree) return this.#addByText(object, mayLack);
    const value = object[type.keys.at(-1)!];
    const known = tree.get(value);
    if (known !== undefined) {
      const places = this.places[known as number]!;
      if (join?.mayGive(object) && this.#bare[known as number] && isBare(object, type.keys)) {
        join.into(places[0]!);
        return true;
      }
      places.push(object);
    } else {
      const text = this.#represent(object);
      if (text === null) return false;
      const opened = this.#open(text, object);
      tree.set(value, opened);
      if (join) this.#bare[opened] = isBare(object, type.keys);
    }
    this.objects.push(object);
    return true;
  }

  #addByText(object: Data, mayLack: (key: string) => boolean): boolean {
    const text = this.#represent(object) ?? this.#represent(object, mayLack);
    if (text === null) return false;
    const known = this.#byText.get(text);
    if (known !== undefined) this.places[known]!.push(object);
    else this.#byText.set(text, this.#open(text, object));
    this.objects.push(object);
    return true;
  }

  #open(text: string, object: Data): number {
    this.places.push([object]);
    return this.representations.push(text) - 1;
  }

  #index(typename: string): TypeIndex {
    const keys = this.#represent.keysOf(typename);
    const type: TypeIndex = { keys: keys?.length ? keys : null, tree: new Map() };
    this.#byType.set(typename, type);
    return type;
  }
}

/** Whether the object holds its type and the values of these keys, and nothing else. It is known to hold those. */
function isBare(object: Data, keys: readonly string[]): boolean {
  let more = keys.length + 1;
  for (const _key in object) more -= 1;
  return more === 0;
}

/** Where the value of the last key is looked up; undefined if a value is missing or no leaf. */
function branchOf(tree: Tree, keys: readonly string[], object: Data): Tree | undefined {
  let branch = tree;
  for (let index = 0; index < keys.length; index += 1) {
    const value = readKey(object, keys[index]!);
    if (value === undefined || (typeof value === 'object' && value !== null)) return undefined;
    if (index === keys.length - 1) return branch;
    let next = branch.get(value) as Tree | undefined;
    if (!next) {
      next = new Map();
      branch.set(value, next);
    }
    branch = next;
  }
  return undefined;
}
