/**
 * A line to Redis that a test can cut: Redis goes away for one service and stays for everybody else.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface RedisLine extends AsyncDisposable {
  /** Give this to the service instead of the real one. */
  readonly url: string;
  /** Drops the connections and takes no new ones. */
  cut(): Promise<void>;
}

export async function openRedisLine(redisUrl: string): Promise<RedisLine> {
  const target = new URL(redisUrl);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    return socket;
  };
  const server = createServer((client) => {
    const redis = keep(connect(Number(target.port), target.hostname));
    keep(client).pipe(redis).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, cut, [Symbol.asyncDispose]: cut };
}
