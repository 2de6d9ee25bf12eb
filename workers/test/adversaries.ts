/**
 * What goes wrong in tests: a Redis that can be cut off, and a model that never ends.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';

export interface CuttableAddress extends AsyncDisposable {
  /** The target's URL with the address of the proxy. */
  readonly url: string;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** A TCP proxy in front of `target`. */
export async function cuttable(target: string): Promise<CuttableAddress> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createTcpServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    }
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  const listen = async (at: number) => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const ownPort = (server.address() as AddressInfo).port;
  const url = new URL(target);
  url.port = String(ownPort);
  const cut = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { url: url.href.replace(/\/$/, ''), cut, mend: () => listen(ownPort), [Symbol.asyncDispose]: cut };
}

export interface EndlessModel extends AsyncDisposable {
  readonly url: string;
  /** Calls under way. */
  readonly open: number;
  /** Calls that were hung up on. */
  readonly aborted: number;
}

/** Speaks the protocol's streaming form and goes on until the caller hangs up. */
export async function endlessModel(): Promise<EndlessModel> {
  const counts = { open: 0, aborted: 0 };
  const server = createServer((request, response) => {
    request.resume();
    counts.open += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => {
      const chunk = { id: 'c', object: 'chat.completion.chunk', created: 0, model: 'm' };
      const choices = [{ index: 0, delta: { content: 'buzz ' }, finish_reason: null }];
      response.write(`data: ${JSON.stringify({ ...chunk, choices })}\n\n`);
    }, 10);
    response.on('close', () => {
      clearInterval(timer);
      counts.open -= 1;
      counts.aborted += 1;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return counts.open;
    },
    get aborted() {
      return counts.aborted;
    },
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
    },
  };
}
