/**
 * A line to a server that a test can cut or hold: the server goes away, or silent, for whoever uses the line, and stays
 * for everybody else.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttableLine extends AsyncDisposable {
  /** The server's URL with the line's address: give it to a service instead of the real one. */
  readonly url: string;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** From now on nothing passes, and nothing breaks: what is sent waits, also over new connections. */
  hold(): void;
  letGo(): void;
}

/** A TCP proxy on loopback in front of `url`, which must name a port. */
export async function cuttable(url: string): Promise<CuttableLine> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const pairs = new Set<readonly [Socket, Socket]>();
  let isHeld = false;
  const join = ([client, upstream]: readonly [Socket, Socket]) => client.pipe(upstream).pipe(client);
  const part = ([client, upstream]: readonly [Socket, Socket]) => {
    client.unpipe(upstream).pause();
    upstream.unpipe(client).pause();
  };
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    }
    const pair = [client, upstream] as const;
    pairs.add(pair);
    if (!isHeld) join(pair);
    client.on('close', () => {
      pairs.delete(pair);
      upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const own = new URL(url);
  own.host = `127.0.0.1:${port}`;
  const cut = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const hold = () => {
    isHeld = true;
    pairs.forEach(part);
  };
  const letGo = () => {
    // Joined twice, a pair would carry everything twice.
    if (!isHeld) return;
    isHeld = false;
    pairs.forEach(join);
  };
  return { hold, letGo, url: own.href.replace(/\/$/, ''), cut, mend: () => listen(port), [Symbol.asyncDispose]: cut };
}
