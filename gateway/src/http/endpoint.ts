/**
 * Where GraphQL is asked for, over HTTP and over WebSocket.
 */
export const ENDPOINT = '/graphql';
