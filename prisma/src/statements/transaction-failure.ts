/**
 * What a transaction throws when not its work but its server or its time is at fault: an error that says what became of
 * what was written.
 */
import { isLyceumError, LyceumError } from '@lyceum/service-kit';
import { isConnectTimeout, isLostState, isPoolFull, isReadTimeout } from '../connections/faults.ts';
import { sqlStateOf } from '../map/shard-map-store.ts';

/** The server ended the connection as its transaction idled, or went on, for too long. */
const ENDED = /^25P0[34]$/;
const CANCELLED = '57014';

/** Where a transaction was when it failed. */
export interface Failed {
  /** Why its connection is of no more use, if it is known to be. */
  readonly loss: unknown;
  readonly isCommitSent: boolean;
}

/** True if a statement failed together with its connection. */
export function isLoss(error: unknown): boolean {
  const state = sqlStateOf(error);
  return isTooLong(error) || (state !== undefined && isLostState(state));
}

/**
 * TIMED_OUT or SERVICE_UNAVAILABLE, with `outcome` in its details: `rolled_back`, or `unknown` if COMMIT was on its way
 * and nothing came back. Any other error is left as it is; then everything was rolled back as well.
 */
export function failureOf(error: unknown, { loss, isCommitSent }: Failed): unknown {
  if (isLyceumError(error)) return error;
  const isCancelled = sqlStateOf(error) === CANCELLED;
  if (loss === undefined && !isCancelled && !isLoss(error)) return error;
  if (isCommitSent && !isCancelled) {
    return new LyceumError(
      'SERVICE_UNAVAILABLE',
      'The connection was lost while the change was saved: it may be there, or not. Look before you try again.',
      { outcome: 'unknown' },
      { cause: error },
    );
  }
  const code = isCancelled || isTooLong(error) || isTooLong(loss) ? 'TIMED_OUT' : 'SERVICE_UNAVAILABLE';
  return new LyceumError(code, undefined, { outcome: 'rolled_back' }, { cause: error });
}

function isTooLong(error: unknown): boolean {
  return isReadTimeout(error) || isPoolFull(error) || isConnectTimeout(error) || ENDED.test(sqlStateOf(error) ?? '');
}

export function isOutcomeUnknown(error: unknown): boolean {
  return isLyceumError(error) && error.details?.outcome === 'unknown';
}
