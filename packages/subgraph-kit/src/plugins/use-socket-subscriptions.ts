/**
 * Refuses subscriptions over HTTP: they have one door, the WebSocket, where each event gets a fresh context.
 */
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';

export function useSocketSubscriptions(): Plugin {
  return {
    onSubscribe({ setResultAndStopExecution }) {
      const extensions = { code: 'BAD_REQUEST' };
      setResultAndStopExecution({
        errors: [new GraphQLError('Subscriptions are served over WebSocket.', { extensions })],
      });
    },
  };
}
