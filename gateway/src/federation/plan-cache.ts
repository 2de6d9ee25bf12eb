/**
 * Remembers operations: each document and operation name is parsed, validated and planned once per supergraph.
 *
 * Bounded twice, by entries and by characters of source, and evicts what was used longest ago. Parsing and planning are
 * apart so that limits can be checked in between: planning is the expensive half and must not run for a refused document.
 * An invalid operation is remembered too, so that repeating it stays cheap.
 */
import { createHash } from 'node:crypto';
import { parseOperation } from './parse-operation.ts';
import { type PlannableOperation, type PlanOutcome, planOperation } from './plan/plan-operation.ts';
import type { Supergraph } from './supergraph.ts';

export interface ParsedOperation extends PlannableOperation {
  /** Validates and plans once, however many callers ask at the same time. */
  plan(): Promise<PlanOutcome>;
}

export interface PlanCacheOptions {
  maxEntries: number;
  /** Characters of source over all entries. */
  maxSourceLength: number;
  onLookup?(result: 'hit' | 'miss'): void;
  /** Replaced by tests that count how often planning runs. */
  prepare?(supergraph: Supergraph, parsed: PlannableOperation): PlanOutcome | Promise<PlanOutcome>;
}

export interface PlanCache {
  /** Throws a GraphQLError for a document that does not parse, or does not say which operation to run. */
  lookup(supergraph: Supergraph, source: string, operationName: string | null, maxTokens: number): ParsedOperation;
  readonly size: number;
}

export function createPlanCache(options: PlanCacheOptions): PlanCache {
  const { maxEntries, maxSourceLength, onLookup, prepare = planOperation } = options;
  const entries = new Map<string, { parsed: ParsedOperation; length: number }>();
  let totalLength = 0;

  function remember(key: string, parsed: ParsedOperation, length: number): void {
    entries.set(key, { parsed, length });
    totalLength += length;
    for (const [oldest, { length: freed }] of entries) {
      if (entries.size <= maxEntries && totalLength <= maxSourceLength) break;
      entries.delete(oldest);
      totalLength -= freed;
    }
  }

  return {
    lookup(supergraph, source, operationName, maxTokens) {
      const key = createHash('sha256')
        .update(`${supergraph.version}\n${operationName ?? ''}\n`)
        .update(source)
        .digest('base64');
      const known = entries.get(key);
      if (known) {
        entries.delete(key);
        entries.set(key, known);
        onLookup?.('hit');
        return known.parsed;
      }
      onLookup?.('miss');
      const { document, operation, fragments } = parseOperation(source, operationName, maxTokens);
      let planning: Promise<PlanOutcome> | undefined;
      const parsed: ParsedOperation = {
        document,
        operation,
        fragments,
        plan() {
          // A fault (not a refusal) is forgotten, so that the next caller tries again.
          planning ??= Promise.resolve()
            .then(() => prepare(supergraph, { document, operation, fragments }))
            .catch((error: unknown) => {
              planning = undefined;
              throw error;
            });
          return planning;
        },
      };
      remember(key, parsed, source.length);
      return parsed;
    },
    get size() {
      return entries.size;
    },
  };
}
