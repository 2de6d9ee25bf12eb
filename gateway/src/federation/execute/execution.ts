/**
 * What is known while one operation runs: the data merged so far, the errors, and which gaps in the data they explain.
 */
import type { Logger } from '@lyceum/service-kit';
import type { OperationScope } from '../../operation-scope.ts';
import type { CompiledOperation } from '../compile/compile-operation.ts';
import type { Data } from '../compile/data.ts';
import type { Fetched } from '../project/projection.ts';
import type { FetchFromSubgraph } from '../subgraph-client.ts';
import type { BlockErrors, Deferral } from './deferral.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** What the operation has come to know of commits; each fetch is told what was known when it began. */
export interface Commits {
  positions: string | undefined;
}

/** The errors carry the client's paths, in the order they became known. */
export interface Execution extends Fetched {
  readonly compiled: CompiledOperation;
  readonly scope: OperationScope;
  readonly fetch: FetchFromSubgraph;
  readonly log: Logger;
  readonly repeated: Set<unknown>;
  /** By `place` of a fetch: the objects found there, once equal references are joined; null where they are looked for anew. */
  readonly joined: Map<string, readonly Data[] | null>;
  /** Objects that a fetch without an answer was for: what needs something of them cannot be asked for either. */
  readonly unanswered: Set<Data>;
  /** Paths that have an error: a field has one. */
  readonly told: Set<string>;
  /** Common to all parts. */
  readonly commits: Commits;
  /** Present if parts may come later. */
  readonly deferral?: Deferral;
  /** Ends with all that comes before the deferred block that is run. */
  readonly before?: Promise<unknown>;
  /** The deferred block that is run; absent for what comes first. */
  readonly block?: BlockErrors;
}

export function beginExecution(
  given: Pick<Execution, 'compiled' | 'variables' | 'scope' | 'fetch' | 'log' | 'deferral'>,
): Execution {
  const known = { data: {}, errors: [], failed: new Map(), unseen: new Map() };
  return {
    ...given,
    ...known,
    commits: { positions: undefined },
    unanswered: new Set(),
    told: new Set(),
    repeated: new Set(),
    joined: new Map(),
  };
}
