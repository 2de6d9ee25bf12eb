/**
 * Delivers an answer in parts: what is not deferred first, then each deferred part when its block has ended and what it
 * completes has been delivered.
 *
 * An error goes into the part that selects its field. A null goes up to its part and no further: an object that has been
 * delivered stays.
 */
import { GraphQLError } from 'graphql';
import type { IncrementalResult, Result } from '../../pipeline.ts';
import type { DeferredParts } from '../compile/compile-operation.ts';
import { selects } from '../project/selects.ts';
import type { Part } from '../project/write-data.ts';
import type { Deferral } from './deferral.ts';
import type { Execution } from './execution.ts';

type Path = readonly (string | number)[];
type DeferringExecution = Execution & { readonly deferral: Deferral };

/**
 * For an execution whose first steps have been run. One result if nothing is left to come. `end` is called when all is
 * delivered, or nobody reads on.
 */
export function deliver(
  execution: DeferringExecution,
  parts: DeferredParts,
  end: () => void,
): Result | AsyncGenerator<Result> {
  const delivery = new Delivery(execution, parts);
  const first = delivery.first();
  if (delivery.hasNext) return deliverParts({ ...first, hasNext: true }, delivery, end);
  end();
  return first;
}

async function* deliverParts(first: Result, delivery: Delivery, end: () => void): AsyncGenerator<Result> {
  try {
    yield first;
    while (delivery.hasNext) {
      const incremental = await delivery.next();
      yield { incremental, hasNext: delivery.hasNext };
    }
  } finally {
    end();
  }
}

class Delivery {
  readonly #execution: DeferringExecution;
  readonly #parts: DeferredParts;
  readonly #told = new Set<GraphQLError>();
  /** Parts of which the object has been delivered. */
  #waiting: Part[] = [];

  constructor(execution: DeferringExecution, parts: DeferredParts) {
    this.#execution = execution;
    this.#parts = parts;
  }

  get hasNext(): boolean {
    return this.#waiting.length > 0;
  }

  first(): Result {
    const { projection } = this.#parts;
    const { data: root, errors: met } = this.#execution;
    const errors = [...met];
    const data = projection.project({ ...this.#execution, errors }, this.#waiting);
    const shape = projection.shapeOf(this.#execution);
    // What nobody defers is told here, and so is what was deferred in an object that is not there.
    const own = met.filter((error) => selects(shape, root, error.path ?? [], false) || !this.#isToCome(error));
    const told = this.#tell([...own, ...errors.slice(met.length)]);
    return told.length > 0 ? { errors: told, data } : { data };
  }

  /** Waits until at least one part can be delivered. */
  async next(): Promise<IncrementalResult[]> {
    const { deferral } = this.#execution;
    await deferral.whenOneHasEnded(new Set(this.#waiting.map(({ label }) => label)));
    const results: IncrementalResult[] = [];
    for (;;) {
      const ready = Map.groupBy(this.#waiting, ({ label }) => deferral.hasEnded(label));
      this.#waiting = ready.get(false) ?? [];
      const blocks = Map.groupBy(ready.get(true) ?? [], ({ label }) => label);
      if (blocks.size === 0) return results;
      for (const [label, parts] of blocks) results.push(...this.#complete(label, parts));
    }
  }

  #complete(label: string, parts: readonly Part[]): IncrementalResult[] {
    const { projection, labels } = this.#parts;
    const met = this.#met();
    const completed = parts.map((part) => {
      const errors = [...met];
      const later: Part[] = [];
      const unanswered = new Set<GraphQLError>();
      const data = projection.projectPart(part, { ...this.#execution, errors }, later, unanswered);
      this.#waiting.push(...later);
      const own = errors.slice(met.length);
      // A list that a subgraph gave up for one of its elements answers for none: that element is the reason.
      const isLost = data === null && own.length > 0 && own.every((error) => unanswered.has(error));
      const reason = isLost && nearest(part.path, met);
      return { part, data, errors: [...this.#errorsOf(part), ...(reason ? [reason] : own)] };
    });
    // What no part selects, a key for instance, is told of where it was missed.
    const { deferral } = this.#execution;
    for (const error of deferral.blocks.find((block) => block.label === label)?.errors ?? []) {
      if (this.#told.has(error) || parts.some((part) => isIn(part, error, false)) || this.#isToCome(error)) continue;
      const { errors } = completed.find(({ part }) => startsWith(error.path, part.path)) ?? completed[0]!;
      errors.push(error);
    }
    return completed.map(({ part: { path }, data, errors }) => {
      if (data === null && errors.length === 0) errors.push(explain(path, met));
      const told = this.#tell(errors);
      const own = labels.get(label);
      return { data, path, ...(own !== undefined && { label: own }), ...(told.length > 0 && { errors: told }) };
    });
  }

  /** Whether a part that is still to come, or one in it, selects the field of the error. */
  #isToCome(error: GraphQLError): boolean {
    return this.#waiting.some((part) => isIn(part, error, true));
  }

  /** All that has gone wrong so far, in whatever part. */
  #met(): readonly GraphQLError[] {
    const { deferral, errors } = this.#execution;
    return [...errors, ...deferral.blocks.flatMap((block) => block.errors)];
  }

  /** Of what was met in the block of the part, or in what had to be fetched before it. */
  #errorsOf(part: Part): GraphQLError[] {
    const { deferral, errors } = this.#execution;
    const met = [...errors];
    let block = deferral.blocks.find(({ label }) => label === part.label);
    for (; block; block = block.above) met.push(...block.errors);
    return met.filter((error) => !this.#told.has(error) && isIn(part, error, false));
  }

  /** A field has one error in a part. */
  #tell(errors: readonly GraphQLError[]): GraphQLError[] {
    const byPath = new Map<string, GraphQLError>();
    for (const error of errors) {
      this.#told.add(error);
      const path = JSON.stringify(error.path);
      if (!byPath.has(path)) byPath.set(path, error);
    }
    return [...byPath.values()];
  }
}

function isIn({ path, shapeOf, data }: Part, error: GraphQLError, deep: boolean): boolean {
  const shape = startsWith(error.path, path) && shapeOf(data.__typename);
  return !!shape && selects(shape, data, (error.path ?? []).slice(path.length), deep);
}

function startsWith(path: Path = [], start: Path): boolean {
  return start.every((element, index) => element === path[index]);
}

/** The error that has most of the path in common, if any has its beginning. */
function nearest(path: Path, met: readonly GraphQLError[]): GraphQLError | undefined {
  let most = path.length === 0 ? -1 : 0;
  let found: GraphQLError | undefined;
  for (const error of met) {
    const { path: other = [] } = error;
    let common = 0;
    while (common < path.length && common < other.length && path[common] === other[common]) common += 1;
    if (common > most) [most, found] = [common, error];
  }
  return found;
}

/** Why a part is null although nothing in it failed: something that it shares with what was delivered before. */
function explain(path: Path, met: readonly GraphQLError[]): GraphQLError {
  return (
    nearest(path, met) ?? new GraphQLError('Cannot return null for a non-nullable field of a deferred part.', { path })
  );
}
