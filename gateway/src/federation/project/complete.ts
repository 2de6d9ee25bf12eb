/**
 * Shapes merged data as the client asked for it: order, names and types, and what becomes of nulls where none may be.
 *
 * One null has one error. A null that a subgraph's error explains gets no second one; a null where the schema allows none
 * takes its parent away, up to the next place that may be null. An entity that its subgraph does not show is a null
 * reference without an error, wherever the reference may be null.
 */
import { GraphQLError } from 'graphql';
import { type Data, isData, readKey } from '../compile/data.ts';
import type { Gaps } from '../execute/gaps.ts';
import type { FieldShape, ObjectShape, ValueShape } from './shape.ts';

export interface Completion {
  readonly errors: GraphQLError[];
  readonly failed: Gaps;
  readonly unseen: Gaps;
  /** Root fields that the plan asks nobody for. */
  isUnanswered(source: string): boolean;
  introspect(key: string): unknown;
}

/** A null that is accounted for. */
const NULLED = Symbol('nulled');
/** A null that may not stand here; accounted for. */
const FAILED = Symbol('failed');
/** An object that is null since its subgraph does not show it: an error only where it may not be null. */
const HIDDEN = Symbol('hidden');

/** As an assignment would make it, were the name not special. */
const OWN = { enumerable: true, configurable: true, writable: true };

type Place = (string | number)[];

/** Adds to `completion.errors`. Null if nothing is left. */
export function completeRoot(shape: ObjectShape, data: Data, completion: Completion): Data | null {
  const completed = new Completer(completion).root(shape, data);
  return completed as Data | null;
}

class Completer {
  readonly #completion: Completion;
  /** Where we are; what lies beyond the current depth is left over. */
  readonly #place: Place = [];
  #explained: Set<string> | undefined;
  /** Holds while HIDDEN travels up. */
  #hidden: GraphQLError | undefined;

  constructor(completion: Completion) {
    this.#completion = completion;
  }

  root(shape: ObjectShape, data: Data): unknown {
    for (const { key, source, name, value } of shape.fields) {
      if (value.kind === 'typename' || value.kind === 'introspection') continue;
      if (!this.#completion.isUnanswered(source)) continue;
      this.#place[0] = key;
      this.#report(`No subgraph answers for ${name} as it is asked.`, 1);
    }
    const completed = this.#object(shape, data, 0);
    if (completed === HIDDEN && this.#hidden) this.#completion.errors.push(this.#hidden);
    return isData(completed) ? completed : null;
  }

  #object(shape: ObjectShape, data: Data, depth: number): unknown {
    const completed: Data = {};
    for (const field of shape.fields) {
      this.#place[depth] = field.key;
      const value = this.#field(field, data, depth + 1);
      if (value === FAILED) return NULLED;
      if (value === HIDDEN) return HIDDEN;
      if (field.key === '__proto__') Object.defineProperty(completed, field.key, { ...OWN, value });
      else completed[field.key] = value;
    }
    return completed;
  }

  #field(field: FieldShape, data: Data, depth: number): unknown {
    const value = this.#value(field.value, readKey(data, field.source), depth);
    if (typeof value !== 'symbol' && value !== null) return value;
    if (field.nullable) {
      this.#hidden = undefined;
      return null;
    }
    if (value === NULLED) return FAILED;
    if (value === HIDDEN) return this.#tellHidden();
    if (this.#completion.failed.get(data)?.has(field.source) || this.#isExplained(depth)) return FAILED;
    const error = this.#error(`Cannot return null for non-nullable field ${field.name}.`, depth);
    if (this.#completion.unseen.get(data)?.has(field.source)) {
      this.#hidden = error;
      return HIDDEN;
    }
    this.#completion.errors.push(error);
    return FAILED;
  }

  #value(shape: ValueShape, value: unknown, depth: number): unknown {
    switch (shape.kind) {
      case 'typename':
        return shape.name;
      case 'introspection':
        return this.#completion.introspect(String(this.#place[depth - 1]));
      default:
        if (value === undefined || value === null) return null;
    }
    switch (shape.kind) {
      case 'leaf':
        try {
          return shape.type.serialize(value) ?? null;
        } catch (error) {
          return this.#report(error instanceof Error ? error.message : String(error), depth);
        }
      case 'list':
        if (!Array.isArray(value)) return this.#report('Expected a list.', depth);
        return this.#list(shape.item, shape.itemNullable, value, depth);
      case 'object': {
        if (!isData(value)) return this.#report('Expected an object.', depth);
        const object = shape.shapeOf(value.__typename);
        if (!object) return this.#report('The type of the object is not one that can stand here.', depth);
        return object.concrete ? this.#object(object, value, depth) : this.#untyped(object, value, depth);
      }
    }
  }

  /** An object of which nobody has told the type: nothing can be said of it if somebody was asked. */
  #untyped(shape: ObjectShape, data: Data, depth: number): unknown {
    if (this.#completion.failed.get(data)?.has('__typename')) return NULLED;
    if (!this.#completion.unseen.get(data)?.has('__typename')) return this.#object(shape, data, depth);
    this.#hidden = this.#error('The type of the object is not known.', depth);
    return HIDDEN;
  }

  #list(shape: ValueShape, nullable: boolean, items: readonly unknown[], depth: number): unknown {
    const completed: unknown[] = [];
    for (let index = 0; index < items.length; index += 1) {
      this.#place[depth] = index;
      let item = this.#value(shape, items[index], depth + 1);
      if (typeof item === 'symbol' || item === null) {
        if (nullable) this.#hidden = undefined;
        else if (item === HIDDEN) {
          this.#tellHidden();
          return NULLED;
        } else {
          if (item === null && !this.#isExplained(depth + 1)) {
            this.#report('Cannot return null for a non-nullable element of a list.', depth + 1);
          }
          return NULLED;
        }
        item = null;
      }
      completed.push(item);
    }
    return completed;
  }

  #tellHidden(): typeof FAILED {
    if (this.#hidden) this.#completion.errors.push(this.#hidden);
    this.#hidden = undefined;
    return FAILED;
  }

  #error(message: string, depth: number): GraphQLError {
    return new GraphQLError(message, { path: this.#place.slice(0, depth) });
  }

  #report(message: string, depth: number): typeof NULLED {
    this.#completion.errors.push(this.#error(message, depth));
    return NULLED;
  }

  /** Whether a subgraph has told of a fault here or below. */
  #isExplained(depth: number): boolean {
    this.#explained ??= startsOf(this.#completion.errors);
    return this.#explained.size > 0 && this.#explained.has(JSON.stringify(this.#place.slice(0, depth)));
  }
}

/** Every place above the places of errors, and those themselves. */
function startsOf(errors: readonly GraphQLError[]): Set<string> {
  const starts = new Set<string>();
  for (const { path = [] } of errors) {
    for (let depth = path.length; depth > 0; depth -= 1) starts.add(JSON.stringify(path.slice(0, depth)));
  }
  return starts;
}
