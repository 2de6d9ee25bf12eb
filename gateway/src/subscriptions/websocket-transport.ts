/**
 * GraphQL over WebSocket (graphql-transport-ws), on the port and path of HTTP. Carries operations of every type.
 *
 * A socket says who it is when it opens, and is closed with 4403 if that does not hold, and again when the token expires or
 * the session ends: clients then come back with a fresh token. Each operation runs through the gateway's pipeline; an event
 * is fetched only when the socket has taken the one before.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLAIMS_HEADER } from '@lyceum/contracts';
import type { Live, Logger } from '@lyceum/service-kit';
import { type ExecutionResult, GraphQLSchema, parse } from 'graphql';
import { type Context, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Identity } from '../auth/identity.ts';
import type { WatchIdentity } from '../auth/identity-end.ts';
import type { GatewayPolicy } from '../config.ts';
import { formatError, refusal } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import { writeResult } from '../http/write-result.ts';
import { isStream, type Result } from '../pipeline.ts';
import { createWrittenMessages, type WrittenMessages } from './written-messages.ts';

export interface WebSocketTransport {
  /** Takes over an HTTP upgrade. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Asks every client to come back elsewhere: close code 1012. */
  closeAll(): void;
  /** Hangs up on clients that did not say goodbye. */
  terminateAll(): void;
}

export interface WebSocketTransportOptions {
  gateway: Gateway;
  authenticator: Authenticator;
  watchIdentity: WatchIdentity;
  policy: Live<GatewayPolicy>;
  log: Logger;
}

/** What is kept for each socket. */
interface Connection {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Aborts when the socket is closed. */
  readonly gone: AbortController;
  readonly written: WrittenMessages;
  identity?: Identity;
}
type SocketContext = Context<Record<string, unknown>, Connection>;

const PING_MS = 12_000;
const FORBIDDEN = 4403;
const SERVICE_RESTART = 1012;
const TRY_AGAIN_LATER = 1013;
const ALL_TYPES = new Set(['query', 'mutation', 'subscription'] as const);
/** graphql-ws wants a document and a schema to run; by then the pipeline has run the real ones. */
const ALREADY_RUN = { document: parse('{ __typename }'), schema: new GraphQLSchema({}) };

export function createWebSocketTransport(options: WebSocketTransportOptions): WebSocketTransport {
  const { gateway, authenticator, watchIdentity, policy, log } = options;
  const sockets = new WebSocketServer({ noServer: true, handleProtocols, perMessageDeflate: false });

  const protocol = makeServer<Record<string, unknown>, Connection>({
    connectionInitWaitTimeout: policy.current.limits.webSocket.initialisationMs,

    async onConnect(context) {
      const { socket, request, gone } = context.extra;
      try {
        const authorization = readAuthorization(context.connectionParams);
        const claims = request.headers[CLAIMS_HEADER]?.toString() ?? null;
        context.extra.identity = await authenticator.authenticate({ authorization, claims });
        closeWhenOver(socket, context.extra.identity, gone.signal);
        return true;
      } catch (error) {
        const unauthenticated = (error as { code?: unknown }).code === 'UNAUTHENTICATED';
        log.debug({ err: error }, 'socket refused');
        socket.close(
          unauthenticated ? FORBIDDEN : TRY_AGAIN_LATER,
          unauthenticated ? 'UNAUTHENTICATED' : 'SERVICE_UNAVAILABLE',
        );
        return false;
      }
    },

    async onSubscribe(context, _id, payload) {
      if (Object.keys(context.subscriptions).length > policy.current.limits.webSocket.maxOperations) {
        return [refusal('RATE_LIMITED', 'Too many operations on one socket.')];
      }
      const outcome = await gateway.run({
        requestId: randomUUID(),
        params: payload,
        allowed: ALL_TYPES,
        takesParts: true,
        header: (name) => context.extra.request.headers[name]?.toString(),
        identify: () => identify(context, payload),
        signal: context.extra.gone.signal,
      });
      if (!isStream(outcome) && outcome.errors?.length && !('data' in outcome)) return outcome.errors;
      return { ...ALREADY_RUN, contextValue: outcome };
    },

    execute: ({ contextValue }) => contextValue as ExecutionResult | AsyncGenerator<ExecutionResult>,
    onNext: ({ extra }, _id, _payload, _args, result) => extra.written.standIn(writeResult(result as Result)),
    onError: (_context, _id, _payload, errors) => errors.map(formatError),
  });

  /** The socket's identity. Tools that cannot give connection parameters may name a person per operation, in development. */
  async function identify({ extra }: SocketContext, { extensions }: SubscribePayload): Promise<Identity> {
    const socketIdentity = extra.identity;
    if (!socketIdentity) throw new Error('The socket was not acknowledged.');
    const authorization = policy.current.developers.graphiql ? readAuthorization(extensions) : null;
    if (authorization === null || socketIdentity.viewer !== null) return socketIdentity;
    const identity = await authenticator.authenticate({ authorization, claims: null });
    closeWhenOver(extra.socket, identity, extra.gone.signal);
    return identity;
  }

  function closeWhenOver(socket: WebSocket, identity: Identity, gone: AbortSignal): void {
    if (gone.aborted) return;
    const forget = watchIdentity(identity, (reason) => socket.close(FORBIDDEN, reason));
    gone.addEventListener('abort', forget, { once: true });
  }

  function open(socket: WebSocket, request: IncomingMessage): void {
    const gone = new AbortController();
    const written = createWrittenMessages();
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        // Resolves when the bytes have left: this is what slows the source of events down.
        send(data) {
          const message = written.complete(data);
          return new Promise((resolve) => {
            if (socket.readyState === socket.OPEN) socket.send(message, () => resolve());
            else resolve();
          });
        },
        close: (code, reason) => socket.close(code, reason),
        onMessage(handle) {
          socket.on('message', (data) => {
            // One that is being closed, perhaps since its session has ended, asks for nothing more.
            if (socket.readyState !== socket.OPEN) return;
            handle(String(data)).catch((err: unknown) => {
              log.error({ err }, 'socket message failed unexpectedly');
              socket.close(1011, 'INTERNAL');
            });
          });
        },
      },
      { socket, request, gone, written },
    );
    const stopPinging = keepAlive(socket);
    // Broken frames and messages that are too large; the socket closes itself.
    socket.on('error', (err) => log.debug({ err }, 'socket failed'));
    socket.once('close', (code, reason) => {
      stopPinging();
      gone.abort();
      closed(code, String(reason)).catch((err: unknown) => log.error({ err }, 'socket did not end cleanly'));
    });
  }

  return {
    accept(request, socket, head) {
      sockets.options.maxPayload = policy.current.limits.webSocket.maxMessageBytes;
      sockets.handleUpgrade(request, socket, head, open);
    },
    closeAll() {
      for (const socket of sockets.clients) socket.close(SERVICE_RESTART, 'Service restart');
    },
    terminateAll() {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

/** Names are compared without regard to case; GraphiQL nests what it sends as `headers`. */
function readAuthorization(params: unknown): string | null {
  if (typeof params !== 'object' || params === null) return null;
  for (const [name, value] of Object.entries(params)) {
    // A value that is given but no string is a bad credential, not an absent one.
    if (name.toLowerCase() === 'authorization') return typeof value === 'string' ? value : '';
    if (name === 'headers') return readAuthorization(value);
  }
  return null;
}

/** Hangs up on a peer that does not answer pings: its TCP connection may live on for hours otherwise. */
function keepAlive(socket: WebSocket): () => void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, PING_MS);
  return () => clearInterval(timer);
}
