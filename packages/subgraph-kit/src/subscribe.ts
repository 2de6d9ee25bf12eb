/**
 * Runs a subscription with a fresh context for each event, and sends each event with its cursor, with the time of its commit
 * in milliseconds since 1970, and with the positions that whoever completes it must not read older than.
 *
 * graphql-js would execute every event in the context of the first: loaders would answer from their cache of hours ago.
 */
import { type EventEnvelope, writePositions } from '@lyceum/contracts';
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute, type GraphQLError } from 'graphql';
import { isEnvelope } from './context.ts';
import type { Resume } from './resume.ts';

export interface FreshSubscription {
  /** `contextValue` serves the root field's `subscribe` alone. */
  readonly args: ExecutionArgs;
  /** Absent for subscribers that do not understand cursors. */
  readonly resume?: Resume | undefined;
  contextOf(event: unknown): unknown | Promise<unknown>;
  /** Answers an event whose context could not be made, after which the subscription goes on, and one that cannot begin. */
  toError(error: unknown): GraphQLError;
  /** Called once, whichever way it ends. */
  onEnd(): void;
  /** Called when an event begins; the returned function when it has been executed. */
  onEvent(): (result: ExecutionResult) => void;
}

/**
 * Pull-driven: an event is taken from its source only when the previous result has been sent. The cursor behind which nothing
 * stands yet is a result of its own, without data: once, when all that was there has been sent.
 */
export async function subscribeWithFreshContext(
  subscription: FreshSubscription,
): Promise<ExecutionResult | AsyncGenerator<ExecutionResult>> {
  const { args, toError, onEnd } = subscription;
  let ended = false;
  const end = () => {
    if (!ended) onEnd();
    ended = true;
  };

  let source: ExecutionResult | AsyncIterable<unknown>;
  try {
    source = await createSourceEventStream(args);
  } catch (error) {
    end();
    // Such as a resolver that gives no source. Thrown, it would close the socket under everybody's subscriptions.
    return { errors: [toError(error)] };
  }
  if (!(Symbol.asyncIterator in source)) {
    end();
    return source;
  }
  const events = source[Symbol.asyncIterator]();

  let opening: string | undefined;
  let wake = () => {};
  let isOpen = subscription.resume === undefined;
  if (subscription.resume) {
    subscription.resume.onOpening = (cursor) => {
      opening = cursor;
      wake();
    };
  }
  let next: Promise<IteratorResult<unknown>> | undefined;

  /** Until the next event is there, or the opening, which comes before it. */
  async function untilNext(coming: Promise<unknown>): Promise<void> {
    if (opening !== undefined) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
      coming.then(() => resolve(), resolve);
    });
  }

  const results: AsyncGenerator<ExecutionResult> = {
    async next() {
      try {
        next ??= events.next();
        if (!isOpen) await untilNext(next);
        if (!isOpen && opening !== undefined) {
          isOpen = true;
          return { done: false, value: { extensions: { cursor: opening } } };
        }
        const event = await next;
        next = undefined;
        if (event.done !== true) return { done: false, value: await executeEvent(subscription, event.value) };
      } catch (error) {
        end();
        throw error;
      }
      end();
      return { done: true, value: undefined };
    },
    async return() {
      end();
      await events.return?.();
      return { done: true, value: undefined };
    },
    async throw(error) {
      end();
      await events.return?.();
      throw error;
    },
    [Symbol.asyncIterator]: () => results,
    [Symbol.asyncDispose]: async () => void (await results.return(undefined)),
  };
  return results;
}

async function executeEvent(
  { args, resume, contextOf, toError, onEvent }: FreshSubscription,
  event: unknown,
): Promise<ExecutionResult> {
  const done = onEvent();
  let result: ExecutionResult;
  try {
    result = await execute({ ...args, rootValue: event, contextValue: await contextOf(event) });
  } catch (error) {
    result = { errors: [toError(error)] };
  }
  done(result);
  const cursor = resume?.cursorOf(event);
  if (cursor === undefined) return result;
  return {
    ...result,
    extensions: {
      ...result.extensions,
      cursor,
      ...(isEnvelope(event) && toldOf(event)),
    },
  };
}

function toldOf({ occurredAt, positions }: EventEnvelope) {
  const text = writePositions(positions);
  return { committedAt: Date.parse(occurredAt), ...(text && { positions: text }) };
}
