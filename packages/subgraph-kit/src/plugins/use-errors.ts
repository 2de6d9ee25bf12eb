/**
 * Sends every error of an HTTP result through `toGraphQLError`, with the log of its request.
 */
import { isLyceumError, type Logger } from '@lyceum/service-kit';
import type { Plugin } from 'graphql-yoga';
import { logOf } from '../context.ts';
import { toGraphQLError } from '../errors.ts';
import type { ServerContext } from './use-claims.ts';

export function useErrors({ log }: { log: Logger }): Plugin<object, ServerContext> {
  return {
    onExecutionResult({ result, setResult, context }) {
      if (result === undefined || Symbol.asyncIterator in result || !result.errors?.length) return;
      const bound = context.claims === undefined ? log : logOf(context.claims, log);
      // Every list past the bound failed for this one reason, and what is there is of no use in part.
      const tooLarge = result.errors.find(({ originalError }) => isTooLarge(originalError));
      if (tooLarge) setResult({ data: null, errors: [toGraphQLError(tooLarge, bound)] });
      else setResult({ ...result, errors: result.errors.map((error) => toGraphQLError(error, bound)) });
    },
  };
}

function isTooLarge(error: unknown): boolean {
  return isLyceumError(error) && error.code === 'OPERATION_TOO_LARGE';
}
