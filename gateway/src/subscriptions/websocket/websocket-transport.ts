/**
 * GraphQL over WebSocket (graphql-transport-ws), on the port and path of HTTP.
 *
 * Takes sockets over from the HTTP server, within bounds, pings them in turn, and closes them in turn when the gateway drains.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLAIMS_HEADER } from '@lyceum/contracts';
import { refuseUpgrade, sleep } from '@lyceum/service-kit';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { isAllowed } from '../../http/common-headers.ts';
import { Connection, type ConnectionOptions, type Handshake } from './connection.ts';
import { CLOSE, closeSoon } from './protocol.ts';

export interface WebSocketTransport {
  /** Takes over an HTTP upgrade. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Asks every client to come back elsewhere, one after the other over the policy's time: close code 1012. */
  closeAll(maxMs: number): Promise<void>;
  /** Hangs up on clients that did not say goodbye. */
  terminateAll(): void;
}

/** Each socket is pinged once in this time, a part of them in each turn. */
const PING_MS = 12_000;
const PING_TURNS = 12;
/** Few sockets are closed faster than many. */
const DRAIN_MS_EACH = 5;

export function createWebSocketTransport(options: ConnectionOptions): WebSocketTransport {
  const { policy, metrics, log } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // A client that asks for no protocol we speak is told so by a close code, as browsers show nothing else.
    handleProtocols: (offered) => (offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false),
  });
  const connections = new Set<Connection>();
  const turns = Array.from({ length: PING_TURNS }, () => new Set<Connection>());
  let turn = 0;
  const pings = setInterval(() => {
    turn = (turn + 1) % PING_TURNS;
    for (const connection of turns[turn] ?? []) connection.ping();
  }, PING_MS / PING_TURNS);
  pings.unref();

  function open(socket: WebSocket, line: Duplex, handshake: Handshake): void {
    // Broken frames and messages that are too large; the socket closes itself. Also while it is being refused.
    socket.on('error', (err) => log.debug({ err }, 'socket failed'));
    if (socket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
      closeSoon(socket, CLOSE.SUBPROTOCOL_NOT_ACCEPTABLE, 'Subprotocol not acceptable');
      return;
    }
    const connection = new Connection(socket, line, handshake, options);
    const ownTurn = turns[connections.size % PING_TURNS];
    connections.add(connection);
    ownTurn?.add(connection);
    metrics.sockets.set(connections.size);
    socket.on('message', (data, isBinary) => connection.receive(isBinary ? null : String(data)));
    socket.on('pong', () => connection.answered());
    socket.once('close', () => {
      connections.delete(connection);
      ownTurn?.delete(connection);
      metrics.sockets.set(connections.size);
      connection.closed();
    });
  }

  return {
    accept(request, line, head) {
      const { limits, cors } = policy.current;
      if (connections.size >= limits.webSocket.maxSockets) return refuseUpgrade(line, '503 Service Unavailable');
      if (!isOwnOrAllowed(request, cors.origins)) return refuseUpgrade(line, '403 Forbidden');
      sockets.options.maxPayload = limits.webSocket.maxMessageBytes;
      const handshake = handshakeOf(request, policy.current.subgraphs.propagateHeaders);
      sockets.handleUpgrade(request, line, head, (socket) => open(socket, line, handshake));
    },
    async closeAll(maxMs) {
      clearInterval(pings);
      const all = [...connections];
      const spreadMs = Math.min(maxMs, policy.current.limits.webSocket.drainMs, all.length * DRAIN_MS_EACH);
      const begun = performance.now();
      for (const [at, connection] of all.entries()) {
        const due = ((at + Math.random()) / all.length) * spreadMs - (performance.now() - begun);
        if (due > 1) await sleep(due);
        connection.close(CLOSE.SERVICE_RESTART, 'Service restart', 'drain');
      }
    },
    terminateAll() {
      for (const connection of connections) connection.terminate();
    },
  };
}

/** Programs send no origin; a page's must be the gateway's own or one that the policy names. */
function isOwnOrAllowed({ headers }: IncomingMessage, origins: readonly string[]): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return isAllowed(origin, origins) || (URL.canParse(origin) && new URL(origin).host === host);
}

/** The request itself would be kept for as long as the socket lives. */
function handshakeOf({ headers, socket }: IncomingMessage, propagated: readonly string[]): Handshake {
  const given = [...propagated, 'x-forwarded-for'].flatMap((name) => {
    const value = headers[name]?.toString();
    return value === undefined ? [] : [[name, value] as const];
  });
  const claims = headers[CLAIMS_HEADER]?.toString() ?? null;
  return { claims, headers: Object.fromEntries(given), address: socket.remoteAddress };
}
