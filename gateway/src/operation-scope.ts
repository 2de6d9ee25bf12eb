/**
 * What everything below the pipeline may know of the operation it works for.
 *
 * Whatever here can change a subgraph's answer is part of the key under which answers are shared (`share-operations.ts`).
 */
import type { Viewer } from '@lyceum/contracts';

export interface OperationScope {
  readonly requestId: string;
  /** Null for an anonymous request. */
  readonly viewer: Viewer | null;
  /** The client's headers that the policy lets through to subgraphs, by name in lower case; absent for none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a fetch: what the operation knew of commits when the fetch began; absent for nothing, as for the operation itself. */
  readonly positions?: string;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}
