/**
 * Puts the gateway together behind one HTTP server. Builds and never listens, so a test can build the same thing.
 *
 * Draining: readiness fails and no connection is taken; what has begun is finished; then sockets are closed with 1012 and
 * event streams broken off, so that clients come back to another gateway.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createHealth, isAddressed, pathOf, refuseUpgrade, sleep } from '@lyceum/service-kit';
import { createGateway } from './gateway.ts';
import { ENDPOINT } from './http/endpoint.ts';
import { createGraphiQL } from './http/graphiql.ts';
import { createGraphQLHttp } from './http/graphql-http.ts';
import { createSingleConnectionDoor } from './http/single-connection-door.ts';
import { createSubgraphChecks, describeInstances } from './http/subgraph-checks.ts';
import { createYogaDoor } from './http/yoga-door.ts';
import { installedPlugins } from './plugins/installed-plugins.ts';
import type { GatewayPlugin } from './plugins/run-plugins.ts';
import type { Resources } from './resources.ts';
import { countArrivals } from './subscriptions/arrivals.ts';
import { createEventStreams } from './subscriptions/sse/event-streams.ts';
import { createStreamReservations } from './subscriptions/sse/stream-reservations.ts';
import { createWebSocketTransport } from './subscriptions/websocket/websocket-transport.ts';

/** A request must arrive whole within this time. */
const REQUEST_MS = 30_000;
/** What has not finished by then is cut off, while there is still time to say goodbye to sockets. */
const FINISH_MS = 8_000;
/** Every socket has been told to go by then, before the lifecycle gives up. */
const LEAVE_MS = 9_500;
/** Longer than load balancers keep an idle connection, so that they and not we close it. */
const KEEP_ALIVE_MS = 75_000;

export function createGatewayServer(
  resources: Resources,
  plugins: readonly GatewayPlugin[] = installedPlugins,
): Server {
  const { policy, supergraph, subgraphs, gatewayMetrics, subscriptionMetrics, metrics, life, log } = resources;
  const { authenticator, watchIdentity, presence } = resources;
  const gateway = createGateway({ ...resources, metrics: gatewayMetrics, plugins });

  const streams = createEventStreams({ policy, metrics: subscriptionMetrics });
  const arrive = countArrivals({ policy, arrived: (viewerId) => presence.arrived(viewerId) });
  const shared = { gateway, authenticator, watchIdentity, policy, metrics: subscriptionMetrics, arrive, log };
  const sockets = createWebSocketTransport(shared);
  const reservations = createStreamReservations(shared);
  const singleConnection = createSingleConnectionDoor({ ...shared, reservations, life });
  const yoga = createYogaDoor({ gateway, authenticator, watchIdentity, policy, streams });
  const graphiql = createGraphiQL(policy);
  const health = createHealth({
    checks: { keys: () => authenticator.check(), ...createSubgraphChecks(supergraph, subgraphs) },
    details: { supergraph: () => supergraph.status, subgraphs: () => describeInstances(subgraphs) },
    life,
    metrics,
  });

  /** Answers of Yoga's door: the other one sees for itself whether the gateway drains. */
  const unanswered = new Set<ServerResponse>();
  const graphql = createGraphQLHttp({
    gateway,
    authenticator,
    policy,
    life,
    log,
    uncommon(req, res) {
      unanswered.add(res);
      res.once('close', () => unanswered.delete(res));
      // A stream has promised to keep its connection before the gateway began to drain.
      res.once('finish', () => life.draining && req.socket.end());
      res.shouldKeepAlive = res.shouldKeepAlive && !life.draining;
      Promise.resolve(yoga(req, res)).catch((err: unknown) => {
        log.error({ err }, 'request failed outside the pipeline');
        res.destroy();
      });
    },
  });

  /** Browsers open connections ahead. Node takes those for busy, and would wait for their first request. */
  const unused = new Set<Socket>();
  const server = createServer({ requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS }, (req, res) => {
    unused.delete(req.socket);
    if (!isAddressed(req)) return void res.writeHead(400).end();
    if (!health(req, res) && !graphiql(req, res) && !singleConnection(req, res)) graphql(req, res);
  });
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    unused.delete(req.socket);
    if (life.draining) return refuseUpgrade(socket, '503 Service Unavailable');
    if (pathOf(req) !== ENDPOINT) return refuseUpgrade(socket, '404 Not Found');
    sockets.accept(req, socket, head);
  });

  life.own('http server', server, () => {
    sockets.terminateAll();
    server.closeAllConnections();
  });
  life.onDrain(async () => {
    const deadline = performance.now() + LEAVE_MS;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const res of unanswered) res.shouldKeepAlive = false;
    await Promise.race([gateway.idle(), sleep(FINISH_MS)]);
    // What has just finished is written first.
    await nextTurn();
    streams.closeAll();
    reservations.closeAll();
    await sockets.closeAll(Math.max(0, deadline - performance.now()));
    for (const socket of unused) socket.destroy();
    await closed;
  });
  return server;
}
