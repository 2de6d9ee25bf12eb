/**
 * What a transaction throws when not its work but its server or its time is at fault: an error that says what became of
 * what was written.
 */
import { isLyceumError, LyceumError } from '@lyceum/service-kit';
import { faultOf, isCancelled, isLost, isTooLong } from '../connections/faults.ts';

const ROLLED_BACK = { outcome: 'rolled_back' };

/** Where a transaction was when it failed. */
export interface Failed {
  /** Why its connection is of no more use, if it is known to be. */
  readonly loss: unknown;
  readonly isCommitSent: boolean;
}

/** True if a statement failed together with its connection. */
export function isLoss(error: unknown): boolean {
  return isTooLong(error) || isLost(error);
}

/**
 * TIMED_OUT or SERVICE_UNAVAILABLE, with `outcome` in its details: `rolled_back`, or `unknown` if COMMIT was on its way
 * and nothing came back. Any other error is left as it is; then everything was rolled back as well.
 */
export function failureOf(error: unknown, { loss, isCommitSent }: Failed): unknown {
  if (isLyceumError(error)) return error;
  const isBroken = loss !== undefined || isLoss(error);
  if (isBroken && isCommitSent && !isCancelled(error)) {
    return new LyceumError(
      'SERVICE_UNAVAILABLE',
      'The connection was lost while the change was saved: it may be there, or not. Look before you try again.',
      { outcome: 'unknown' },
      { cause: error },
    );
  }
  if (loss === undefined) return faultOf(error, ROLLED_BACK);
  const code = isCancelled(error) || isTooLong(error) || isTooLong(loss) ? 'TIMED_OUT' : 'SERVICE_UNAVAILABLE';
  return new LyceumError(code, undefined, ROLLED_BACK, { cause: error });
}

export function isOutcomeUnknown(error: unknown): boolean {
  return isLyceumError(error) && error.details?.outcome === 'unknown';
}
