/**
 * Messages and close codes of GraphQL over WebSocket (graphql-transport-ws), as the server reads and writes them.
 *
 * Stricter than the reading of `graphql-ws` in two things: messages are text, and the length of ids is bounded. Looser in one:
 * a subscribe payload need not hold a document, since it may name a persisted one. What must be in it is the pipeline's to say.
 */
import type { GraphQLError } from 'graphql';
import type { WebSocket } from 'ws';
import { formatError } from '../../errors.ts';
import type { GatewayRequest } from '../../pipeline.ts';
import type { Wording } from '../multiplexed-operations.ts';

export const CLOSE = {
  NORMAL: 1000,
  INTERNAL: 1011,
  /** The gateway drains: come back, elsewhere. */
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_REQUEST: 4400,
  UNAUTHORIZED: 4401,
  /** No credential, one that does not hold, or one that no longer does. */
  FORBIDDEN: 4403,
  SUBPROTOCOL_NOT_ACCEPTABLE: 4406,
  INITIALISATION_TIMEOUT: 4408,
  SUBSCRIBER_ALREADY_EXISTS: 4409,
  TOO_MANY_INITIALISATION_REQUESTS: 4429,
  /** The client reads too slowly: come back and resume from the last cursor. */
  SLOW_READER: 4450,
  TOO_MANY_SOCKETS: 4451,
} as const;

type Fields = Readonly<Record<string, unknown>>;

export type ClientMessage =
  | { readonly type: 'connection_init'; readonly payload?: Fields | undefined }
  | { readonly type: 'ping' | 'pong'; readonly payload?: Fields | undefined }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: GatewayRequest['params'] }
  | { readonly type: 'complete'; readonly id: string };

/** Throws an error whose message says what is wrong. */
export function readMessage(text: string): ClientMessage {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new Error('Message is not JSON');
  }
  if (!isFields(message)) throw new Error('Message is not an object');
  const { type, id, payload } = message;
  switch (type) {
    case 'connection_init':
    case 'ping':
    case 'pong':
      if (payload !== undefined && payload !== null && !isFields(payload))
        throw new Error(`'${type}' has a bad payload`);
      return { type, payload: payload ?? undefined };
    case 'subscribe':
      if (!isId(id)) throw new Error("'subscribe' needs an id");
      if (!isSubscribePayload(payload)) throw new Error("'subscribe' has a bad payload");
      return { type, id, payload };
    case 'complete':
      if (!isId(id)) throw new Error("'complete' needs an id");
      return { type, id };
    default:
      throw new Error('Message has no known type');
  }
}

export const ACKNOWLEDGEMENT = '{"type":"connection_ack"}';

export function pong(payload: Fields | undefined): string {
  return JSON.stringify({ type: 'pong', payload });
}

/** What is sent of operations. A result stands between a head and a brace. */
export const WORDING: Wording = {
  nextHead: (id) => `{"id":${JSON.stringify(id)},"type":"next","payload":`,
  nextTail: '}',
  complete: (id) => JSON.stringify({ id, type: 'complete' }),
  error,
};

export function error(id: string, errors: readonly GraphQLError[]): string {
  return JSON.stringify({ id, type: 'error', payload: errors.map(formatError) });
}

/** For a client that may not be there to say goodbye: one that does not read gets no close frame either. */
export function closeSoon(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, closeReason(reason));
  setTimeout(() => socket.terminate(), HANG_UP_MS).unref();
}

const HANG_UP_MS = 2_000;

/** As long as a close frame can hold. */
export function closeReason(reason: string): string {
  return Buffer.byteLength(reason) <= 123 ? reason : 'See the documentation of the close code';
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_LENGTH;
}

/** Every message of an operation holds it. */
const MAX_ID_LENGTH = 256;

function isSubscribePayload(value: unknown): value is GatewayRequest['params'] {
  if (!isFields(value)) return false;
  const { query, operationName, variables, extensions } = value;
  const isOptional = (given: unknown, holds: boolean) => given === undefined || given === null || holds;
  return (
    isOptional(query, typeof query === 'string') &&
    isOptional(operationName, typeof operationName === 'string') &&
    isOptional(variables, isFields(variables)) &&
    isOptional(extensions, isFields(extensions))
  );
}
