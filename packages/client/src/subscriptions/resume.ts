/**
 * One subscription across sockets, gateways, tokens and gaps: it goes on from the cursor of the last message that was read.
 *
 * The cursor moves when a message is handed to the subscriber, so whatever was still on its way when the line broke comes
 * again, and nothing comes twice. Without cursors, from subgraphs that know none, events of the time between are lost.
 */
import { type GraphError, isLyceumClientError } from '../errors.ts';
import type { RequestParams } from '../operations.ts';
import type { Tokens } from '../tokens.ts';
import { backOffMs, orAborted, type RetryPolicy, sleep } from '../waiting.ts';
import { Interruption, lineBroke, type Message, refused, type Transport } from './transport.ts';

/** One event of a subscription. */
export interface SubscriptionMessage<Data> {
  /** Null if something in it that must not be null could not be had. */
  readonly data: Data | null;
  /** What is wrong with the data. Errors that end the subscription are thrown. */
  readonly errors: readonly GraphError[];
  /** Where the subscription stands after this event. Undefined if the subgraph behind it knows no cursors. */
  readonly cursor: string | undefined;
}

export interface ResumeOptions {
  /** Where to go on: the cursor of an earlier message, of the same person and operation. Left out, or null: from now on. */
  readonly cursor?: string | null;
  /**
   * Called when events were lost: read the state anew here. The subscription has begun again by then, and its messages follow
   * when this has resolved; the first ones may tell what the state already holds. What it throws is thrown by the
   * iteration. Left out, the iteration throws CURSOR_EXPIRED.
   */
  readonly onGap?: () => void | Promise<void>;
  /** Called when all that stood behind the cursor has been handed over: from here on events are live. */
  readonly onCaughtUp?: (cursor: string) => void;
}

export interface ResumeParts {
  readonly transport: Transport;
  readonly tokens: Tokens;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
}

/** An attempt that has lasted this long has succeeded, even if nothing has happened in it: no time-out is longer. */
const STEADY_MS = 60_000;
/** Tokens in a row that are refused. The second may be one that another subscription has just had refused. */
const MAX_RENEWALS = 2;

/** Ends with the operation, and quietly when the signal aborts. Throws `LyceumClientError`. */
export async function* resume(
  { transport, tokens, retry, signal }: ResumeParts,
  params: RequestParams,
  { cursor: from = null, onGap, onCaughtUp }: ResumeOptions,
): AsyncGenerator<SubscriptionMessage<unknown>, void> {
  let cursor = from;
  let isGap = false;
  let hasCursors = true;
  let failures = 0;
  let renewals = 0;
  /** A token that is to be replaced before the next attempt. */
  let rejected: string | null | undefined;

  for (;;) {
    const began = performance.now();
    let received = 0;
    let token: string | null = null;
    try {
      token = await orPassing(rejected === undefined ? tokens.current() : tokens.replace(rejected), signal);
      rejected = undefined;
      for await (const message of transport.open({ ...params, extensions: { cursor } }, token, signal)) {
        const next = cursorOf(message);
        if (hasCursors && next === undefined && isFailure(message)) throw refused(message.errors ?? []);
        received += 1;
        cursor = next ?? cursor;
        if (isGap) {
          isGap = false;
          await onGap?.();
        }
        if (next !== undefined && isEmpty(message)) {
          onCaughtUp?.(next);
          continue;
        }
        failures = 0;
        hasCursors = next !== undefined;
        yield { data: message.data ?? null, errors: message.errors ?? [], cursor: next };
      }
      return;
    } catch (thrown) {
      if (signal.aborted) return;
      if (!(thrown instanceof Interruption)) throw thrown;
      const { remedy, error } = thrown;
      const isSteady = performance.now() - began > STEADY_MS;
      if (isSteady) failures = 0;
      if (isSteady || received > 0) renewals = 0;
      failures += 1;

      if (remedy === 'end' || failures > retry.attempts) throw error;
      if (remedy === 'go on' && cursor === null) throw error;
      if (remedy === 'renew') {
        renewals += 1;
        if (renewals > MAX_RENEWALS) throw error;
        rejected = thrown.token === undefined ? token : thrown.token;
      }
      if (remedy === 'begin anew') {
        if (!onGap) throw error;
        [cursor, isGap] = [null, true];
      }
      if (remedy !== 'go on' || received === 0) await sleep(backOffMs(failures, retry), signal);
    }
  }
}

/** A token that cannot be had right now may be had later, unless the person must sign in again. */
async function orPassing<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await orAborted(work, signal);
  } catch (error) {
    throw isLyceumClientError(error, 'UNAUTHENTICATED') ? error : lineBroke(error);
  }
}

function cursorOf({ extensions }: Message): string | undefined {
  const cursor = extensions?.cursor;
  return typeof cursor === 'string' ? cursor : undefined;
}

/** The end of a subscription, unless events of it come without cursors and this is one of them. */
function isFailure({ data, errors = [] }: Message): boolean {
  return (data === undefined || data === null) && errors.length > 0;
}

/** With a cursor it says from where events will follow, and that all before has come. */
function isEmpty({ data, errors }: Message): boolean {
  return data === undefined && errors === undefined;
}
