/**
 * Tells the gateway what a request has committed, so that what it asks next for the same operation is not answered from before.
 */
import { POSITIONS_HEADER } from '@lyceum/contracts';
import type { Plugin } from 'graphql-yoga';
import type { ServerContext } from './use-claims.ts';

export function usePositions(): Plugin<object, ServerContext> {
  return {
    onResponse({ response, serverContext }) {
      const answer = serverContext?.positions?.answer;
      if (answer) response.headers.set(POSITIONS_HEADER, answer);
    },
  };
}
