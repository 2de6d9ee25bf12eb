/**
 * Writes merged data as the JSON that the client asked for: order, names and types, and what becomes of nulls where none
 * may be. One pass; what was written of a value that turns out to be null is taken back.
 *
 * One null has one error. A null that a subgraph's error explains gets no second one; a null where the schema allows none
 * takes its parent away, up to the next place that may be null. An entity that its subgraph does not show is a null
 * reference without an error, wherever the reference may be null.
 */
import { GraphQLError } from 'graphql';
import { type Data, isData, readKey } from '../compile/data.ts';
import type { Gaps } from '../execute/gaps.ts';
import { JsonText } from './json-text.ts';
import { JsonWriter } from './json-writer.ts';
import type { DeferredShape, FieldShape, ObjectShape, ValueShape } from './shape.ts';

export interface Completion {
  readonly errors: GraphQLError[];
  readonly failed: Gaps;
  readonly unseen: Gaps;
  /** Objects and lists that stand in several places: their text is kept. The data must not change while it is written. */
  readonly repeated: ReadonlySet<unknown>;
  /** Root fields that the plan asks nobody for. */
  isUnanswered(source: string): boolean;
  introspect(key: string): unknown;
  /** Takes what objects are to be completed with later. Absent where nothing is deferred. */
  readonly parts?: Part[];
  /** Takes the errors of fields that nobody has answered for. */
  readonly unanswered?: Set<GraphQLError>;
}

/** What completes one object of the response later. */
export interface Part extends DeferredShape {
  /** Where the object stands in the response. */
  readonly path: readonly (string | number)[];
  readonly data: Data;
}

const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, COMMA] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c];

type Place = (string | number)[];

const WRITTEN = Symbol('written');
/** A null that is accounted for. */
const NULLED = Symbol('nulled');
/** A null that may not stand here; accounted for. */
const FAILED = Symbol('failed');
/** An object that is null since its subgraph does not show it: an error only where it may not be null. */
const HIDDEN = Symbol('hidden');

/** What is not written may have left something behind, which whoever goes on takes back. */
type Outcome<Fault> = typeof WRITTEN | Fault | typeof HIDDEN;

/** The answer to a whole operation. Adds to `completion.errors`. Null if nothing is left. */
export function writeRoot(shape: ObjectShape, data: Data, completion: Completion): JsonText | null {
  const writer = new DataWriter(completion, []);
  writer.reportUnanswered(shape);
  return writer.write(shape, data);
}

/** Null if something in it must not be null and is. The type of the object may turn out to select nothing of the part. */
export function writePart({ shapeOf, path, data }: Part, completion: Completion): JsonText | null {
  const shape = shapeOf(data.__typename);
  if (!shape) return new JsonText('{}');
  const writer = new DataWriter(completion, [...path]);
  if (path.length === 0) writer.reportUnanswered(shape);
  return writer.write(shape, data);
}

class DataWriter {
  readonly #completion: Completion;
  /** Where we are; what lies beyond the current depth is left over. Kept for errors alone: leaves are not entered. */
  readonly #place: Place;
  readonly #start: number;
  readonly #repeats: boolean;
  readonly #hasGaps: boolean;
  readonly #json = new JsonWriter();
  /** Where the text of a repeated value stands. */
  readonly #texts = new Map<unknown, { readonly shape: ValueShape; readonly start: number; readonly end: number }>();
  #explained: Set<string> | undefined;
  #told: Set<string> | undefined;
  /** Fields that are being written although a fetch for them has failed. */
  #gapsAbove = 0;
  /** Holds while HIDDEN travels up. */
  #hidden: GraphQLError | undefined;

  constructor(completion: Completion, place: Place) {
    this.#completion = completion;
    this.#place = place;
    this.#start = place.length;
    this.#repeats = completion.repeated.size > 0;
    this.#hasGaps = completion.failed.size > 0;
  }

  write(shape: ObjectShape, data: Data): JsonText | null {
    const outcome = this.#object(shape, data, this.#start);
    if (outcome === HIDDEN) this.#tellHidden();
    const json = this.#json.take();
    return outcome === WRITTEN ? new JsonText(json) : null;
  }

  reportUnanswered(shape: ObjectShape): void {
    for (const { key, source, name, value } of shape.fields) {
      if (value.kind === 'typename' || value.kind === 'introspection') continue;
      if (!this.#completion.isUnanswered(source)) continue;
      this.#place[this.#start] = key;
      this.#report(`No subgraph answers for ${name} as it is asked.`, this.#start + 1);
    }
  }

  #object(shape: ObjectShape, data: Data, depth: number): Outcome<typeof NULLED> {
    const json = this.#json;
    const { fields, deferred } = shape;
    for (let index = 0; index < fields.length; index += 1) {
      const field = fields[index]!;
      const { value: shape } = field;
      json.label(field.label);
      // Most fields are leaves with a value that needs no more than a glance.
      if (shape.kind === 'leaf') {
        const value = data[field.source];
        if (shape.isText && typeof value === 'string') {
          json.text(value);
          continue;
        }
        const leaf = shape.glance(value);
        if (leaf !== undefined) {
          json.json(leaf);
          continue;
        }
      }
      const outcome = this.#field(field, data, depth);
      if (outcome !== WRITTEN) {
        this.#dropParts(depth);
        return outcome === FAILED ? NULLED : HIDDEN;
      }
    }
    if (deferred) this.#addParts(deferred, data, depth);
    if (fields.length === 0) json.byte(OPEN_BRACE);
    json.byte(CLOSE_BRACE);
    return WRITTEN;
  }

  #addParts(deferred: readonly DeferredShape[], data: Data, depth: number): void {
    const path = this.#place.slice(0, depth);
    for (const part of deferred) this.#completion.parts?.push({ ...part, path, data });
  }

  /** What is not there is not completed either. */
  #dropParts(depth: number): void {
    const { parts = [] } = this.#completion;
    const isBelow = (path: readonly unknown[]) => this.#place.slice(0, depth).every((part, i) => part === path[i]);
    for (let last = parts.at(-1); last && isBelow(last.path); last = parts.at(-1)) parts.pop();
  }

  /** `depth` is that of the object. */
  #field(field: FieldShape, data: Data, depth: number): Outcome<typeof FAILED> {
    this.#place[depth] = field.key;
    const start = this.#json.length;
    const outcome = this.#valueOf(field, data, depth + 1);
    if (outcome === WRITTEN) return WRITTEN;
    if (!field.nullable) return this.#missing(field, data, outcome, depth + 1);
    this.#nullAt(start);
    return WRITTEN;
  }

  #valueOf(field: FieldShape, data: Data, depth: number): Outcome<typeof NULLED | null> {
    const value = readKey(data, field.source);
    if (!this.#hasGaps || !this.#isGap(field, data)) return this.#value(field.value, value, depth);
    this.#gapsAbove += 1;
    const outcome = this.#value(field.value, value, depth);
    this.#gapsAbove -= 1;
    return outcome;
  }

  /** Whether a fetch that should have told of the field has failed. Another may have told of it in part. */
  #isGap(field: FieldShape, data: Data): boolean {
    return this.#completion.failed.get(data)?.has(field.source) ?? false;
  }

  /** Instead of what has been written since. */
  #nullAt(start: number): void {
    this.#hidden = undefined;
    this.#json.truncate(start);
    this.#texts.clear();
    this.#json.json('null');
  }

  #missing(field: FieldShape, data: Data, outcome: null | symbol, depth: number): typeof FAILED | typeof HIDDEN {
    if (outcome === NULLED) return FAILED;
    if (outcome === HIDDEN) {
      this.#tellHidden();
      return FAILED;
    }
    if (this.#isGap(field, data) || this.#isExplained(depth)) return FAILED;
    // Of subgraphs that share the object, the one to tell of this field has lost its own to an error in it or above it.
    const isUnanswered = readKey(data, field.source) === undefined;
    if (isUnanswered && (this.#gapsAbove > 0 || this.#isExplained(depth - 1))) return FAILED;
    const error = this.#error(`Cannot return null for non-nullable field ${field.name}.`, depth);
    if (this.#completion.unseen.get(data)?.has(field.source)) {
      this.#hidden = error;
      return HIDDEN;
    }
    if (isUnanswered) this.#completion.unanswered?.add(error);
    this.#completion.errors.push(error);
    return FAILED;
  }

  #value(shape: ValueShape, value: unknown, depth: number): Outcome<typeof NULLED | null> {
    switch (shape.kind) {
      case 'leaf':
        if (value === undefined || value === null) return null;
        try {
          return this.#written(shape.glance(value) ?? shape.write(value));
        } catch (error) {
          return this.#report(error instanceof Error ? error.message : String(error), depth);
        }
      case 'list':
      case 'object':
        if (value === undefined || value === null) return null;
        return this.#repeats && this.#completion.repeated.has(value)
          ? this.#repeated(shape, value, depth)
          : this.#composite(shape, value, depth);
      case 'typename':
        return this.#written(shape.json);
      case 'introspection': {
        const answer = this.#completion.introspect(String(this.#place[depth - 1]));
        return this.#written(answer === null ? null : JSON.stringify(answer));
      }
    }
  }

  #written(json: string | null): typeof WRITTEN | null {
    if (json === null) return null;
    this.#json.json(json);
    return WRITTEN;
  }

  #composite(
    shape: Extract<ValueShape, { kind: 'list' | 'object' }>,
    value: unknown,
    depth: number,
  ): Outcome<typeof NULLED> {
    if (shape.kind === 'list') {
      if (!Array.isArray(value)) return this.#report('Expected a list.', depth);
      return this.#list(shape.item, shape.itemNullable, value, depth);
    }
    if (!isData(value)) return this.#report('Expected an object.', depth);
    const object = shape.shapeOf(value.__typename);
    if (!object) return this.#report('The type of the object is not one that can stand here.', depth);
    return object.concrete ? this.#object(object, value, depth) : this.#untyped(object, value, depth);
  }

  /** Equal wherever it stands, unless it has errors: they name the place. */
  #repeated(
    shape: Extract<ValueShape, { kind: 'list' | 'object' }>,
    value: unknown,
    depth: number,
  ): Outcome<typeof NULLED> {
    const known = this.#texts.get(value);
    if (known?.shape === shape) {
      this.#json.again(known.start, known.end);
      return WRITTEN;
    }
    const start = this.#json.length;
    const outcome = this.#composite(shape, value, depth);
    if (outcome === WRITTEN && this.#completion.errors.length === 0) {
      this.#texts.set(value, { shape, start, end: this.#json.length });
    }
    return outcome;
  }

  /** An object of which nobody has told the type: nothing can be said of it if somebody was asked. */
  #untyped(shape: ObjectShape, data: Data, depth: number): Outcome<typeof NULLED> {
    if (this.#completion.failed.get(data)?.has('__typename')) return NULLED;
    if (!this.#completion.unseen.get(data)?.has('__typename')) return this.#object(shape, data, depth);
    this.#hidden = this.#error('The type of the object is not known.', depth);
    return HIDDEN;
  }

  #list(shape: ValueShape, nullable: boolean, items: readonly unknown[], depth: number): Outcome<typeof NULLED> {
    const json = this.#json;
    json.byte(OPEN_BRACKET);
    for (let index = 0; index < items.length; index += 1) {
      if (index > 0) json.byte(COMMA);
      this.#place[depth] = index;
      const start = json.length;
      const outcome = this.#value(shape, items[index], depth + 1);
      if (outcome === WRITTEN) continue;
      if (nullable) {
        this.#nullAt(start);
        continue;
      }
      if (outcome === HIDDEN) this.#tellHidden();
      else if (outcome === null && !this.#isExplained(depth + 1)) {
        this.#report('Cannot return null for a non-nullable element of a list.', depth + 1);
      }
      this.#dropParts(depth);
      return NULLED;
    }
    json.byte(CLOSE_BRACKET);
    return WRITTEN;
  }

  #tellHidden(): void {
    if (this.#hidden) this.#completion.errors.push(this.#hidden);
    this.#hidden = undefined;
  }

  #error(message: string, depth: number): GraphQLError {
    return new GraphQLError(message, { path: this.#place.slice(0, depth) });
  }

  #report(message: string, depth: number): typeof NULLED {
    if (!this.#isTold(depth)) this.#completion.errors.push(this.#error(message, depth));
    return NULLED;
  }

  /** Whether a subgraph has told of a fault at this very place: a field has one error. */
  #isTold(depth: number): boolean {
    const { errors } = this.#completion;
    if (errors.length === 0) return false;
    this.#told ??= new Set(errors.map(({ path }) => JSON.stringify(path)));
    return this.#told.has(JSON.stringify(this.#place.slice(0, depth)));
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
