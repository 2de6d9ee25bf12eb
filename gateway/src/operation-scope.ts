/**
 * What everything below the pipeline may know of the operation it works for.
 */
import type { Viewer } from '@lyceum/contracts';

export interface OperationScope {
  readonly requestId: string;
  /** Null for an anonymous request. */
  readonly viewer: Viewer | null;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}
