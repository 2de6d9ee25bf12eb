/**
 * Remembers operations: each is parsed, validated and planned once per supergraph.
 *
 * Bounded twice for each supergraph, by operations and by characters of source, and evicts the document that was used
 * longest ago. A look-up compares the source itself: no digest of it is made. Parsing and planning are apart so that
 * limits can be checked in between: planning is the expensive half and must not run for a refused document. An invalid
 * operation is remembered too, so that repeating it stays cheap.
 */
import type { OperationDefinitionNode } from 'graphql';
import { type ParsedDocument, parseDocument, selectOperation } from './parse-operation.ts';
import { type PlannableOperation, type PlanOutcome, planOperation } from './plan/plan-operation.ts';
import { createPlanningTurns } from './planning-turns.ts';
import type { Supergraph } from './supergraph/build-supergraph.ts';

export interface ParsedOperation extends PlannableOperation, KnownOperation {
  /** Validates and plans once, however many callers ask at the same time. Throws SERVICE_UNAVAILABLE if too many wait. */
  plan(): Promise<PlanOutcome>;
}

export interface PlanCacheOptions {
  maxEntries: number;
  /** Characters of source over all documents. */
  maxSourceLength: number;
  onLookup?(result: 'hit' | 'miss'): void;
  /** Replaced by tests that count how often planning runs. */
  prepare?(supergraph: Supergraph, parsed: PlannableOperation): PlanOutcome | Promise<PlanOutcome>;
}

export interface KnownOperation {
  readonly source: string;
  readonly operationName: string | null;
}

export interface PlanCache {
  /** Throws a GraphQLError for a document that does not parse, or does not say which operation to run. */
  lookup(supergraph: Supergraph, source: string, operationName: string | null, maxTokens: number): ParsedOperation;
  /** Plans ahead of the first caller. Throws what planning throws; an operation that is not valid is no fault. */
  warm(supergraph: Supergraph, operation: KnownOperation): Promise<void>;
  /** Operations that were planned, at most `count`, the last used first. */
  recent(supergraph: Supergraph, count: number): KnownOperation[];
  /** Drops what is remembered for a supergraph that serves no more. What is in flight keeps its own plan alone. */
  forget(supergraph: Supergraph): void;
  /** Operations remembered for a supergraph. */
  size(supergraph: Supergraph): number;
}

interface Entry {
  readonly parsed: ParsedDocument;
  /** By the name that was asked for; null is whichever is the only one. */
  readonly operations: Map<string | null, Prepared>;
}

interface Prepared extends ParsedOperation {
  readonly isPlanned: boolean;
}

/** What is remembered for one supergraph, the document that was used longest ago first. */
interface Generation {
  readonly documents: Map<string, Entry>;
  operations: number;
  characters: number;
}

export function createPlanCache(options: PlanCacheOptions): PlanCache {
  const { maxEntries, maxSourceLength, onLookup, prepare = planOperation } = options;
  const generations = new WeakMap<Supergraph, Generation>();
  const turns = createPlanningTurns();
  let newest: Entry | undefined;

  function generationOf(supergraph: Supergraph): Generation {
    let generation = generations.get(supergraph);
    if (!generation) {
      generation = { documents: new Map(), operations: 0, characters: 0 };
      generations.set(supergraph, generation);
    }
    return generation;
  }

  function find(supergraph: Supergraph, source: string, operationName: string | null): Prepared | undefined {
    const documents = generations.get(supergraph)?.documents;
    const entry = documents?.get(source);
    const operation = entry?.operations.get(operationName);
    if (documents && entry && operation && entry !== newest) {
      documents.delete(source);
      documents.set(source, entry);
      newest = entry;
    }
    return operation;
  }

  function add(supergraph: Supergraph, { source, operationName }: KnownOperation, maxTokens?: number): Prepared {
    const generation = generationOf(supergraph);
    const { documents } = generation;
    const known = documents.get(source);
    const entry: Entry = known ?? { parsed: parseDocument(source, maxTokens), operations: new Map() };
    const selected = selectOperation(entry.parsed, operationName);
    const operation =
      sameOperation(entry, selected.operation) ?? prepareOnce(supergraph, selected, { source, operationName });
    entry.operations.set(operationName, operation);
    generation.operations += 1;
    if (!known) generation.characters += source.length;
    documents.delete(source);
    documents.set(source, entry);
    newest = entry;
    for (const [oldest, { operations }] of documents) {
      if (generation.operations <= maxEntries && generation.characters <= maxSourceLength) break;
      documents.delete(oldest);
      generation.operations -= operations.size;
      generation.characters -= oldest.length;
    }
    return operation;
  }

  function prepareOnce(supergraph: Supergraph, plannable: PlannableOperation, known: KnownOperation): Prepared {
    let planning: Promise<PlanOutcome> | undefined;
    return {
      ...known,
      ...plannable,
      get isPlanned() {
        return planning !== undefined;
      },
      plan() {
        // A fault (not a refusal) is forgotten, so that the next caller tries again.
        planning ??= turns
          .run(() => prepare(supergraph, plannable))
          .catch((error: unknown) => {
            planning = undefined;
            throw error;
          });
        return planning;
      },
    };
  }

  return {
    lookup(supergraph, source, operationName, maxTokens) {
      const known = find(supergraph, source, operationName);
      onLookup?.(known ? 'hit' : 'miss');
      return known ?? add(supergraph, { source, operationName }, maxTokens);
    },
    async warm(supergraph, operation) {
      const known = find(supergraph, operation.source, operation.operationName);
      await (known ?? add(supergraph, operation)).plan();
    },
    recent(supergraph, count) {
      const documents = [...(generations.get(supergraph)?.documents ?? [])].reverse();
      const operations = documents.flatMap(([source, entry]) =>
        [...entry.operations].flatMap(([operationName, { isPlanned }]) =>
          isPlanned ? [{ source, operationName }] : [],
        ),
      );
      return operations.slice(0, count);
    },
    forget(supergraph) {
      generations.delete(supergraph);
      newest = undefined;
    },
    size: (supergraph) => generations.get(supergraph)?.operations ?? 0,
  };
}

/** One operation that is asked for with its name and without is one. */
function sameOperation({ operations }: Entry, wanted: OperationDefinitionNode): Prepared | undefined {
  return [...operations.values()].find(({ operation }) => operation === wanted);
}
