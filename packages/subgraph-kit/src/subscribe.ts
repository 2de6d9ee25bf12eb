/**
 * Runs a subscription with a fresh context for each event.
 *
 * graphql-js would execute every event in the context of the first: loaders would answer from their cache of hours ago.
 */
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute, type GraphQLError } from 'graphql';

export interface FreshSubscription {
  /** `contextValue` serves the root field's `subscribe` alone. */
  readonly args: ExecutionArgs;
  contextOf(event: unknown): unknown | Promise<unknown>;
  /** Answers an event whose context could not be made; the subscription goes on. */
  toError(error: unknown): GraphQLError;
  /** Called once, whichever way it ends. */
  onEnd(): void;
  /** Called when an event begins; the returned function when it has been executed. */
  onEvent(): (result: ExecutionResult) => void;
}

/** Pull-driven: an event is taken from its source only when the previous result has been sent. */
export async function subscribeWithFreshContext(
  subscription: FreshSubscription,
): Promise<ExecutionResult | AsyncGenerator<ExecutionResult>> {
  const { args, onEnd } = subscription;
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
    throw error;
  }
  if (!(Symbol.asyncIterator in source)) {
    end();
    return source;
  }
  const events = source[Symbol.asyncIterator]();

  const results: AsyncGenerator<ExecutionResult> = {
    async next() {
      try {
        const event = await events.next();
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
  { args, contextOf, toError, onEvent }: FreshSubscription,
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
  return result;
}
