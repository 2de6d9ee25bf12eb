/**
 * Free ports on loopback: the preferred one where it is free, else one the kernel picks.
 */
import { createServer } from 'node:net';

/** Ports handed out by this process, so that two askers in the same moment never get the same one. */
const given = new Set<number>();

function tryListen(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : null;
      server.close(() => resolve(bound));
    });
  });
}

/** `preferred` when nobody listens there, else any free port. A port is not given twice unless it is released. */
export async function freePort(preferred = 0): Promise<number> {
  if (preferred > 0 && !given.has(preferred) && (await tryListen(preferred)) !== null) {
    given.add(preferred);
    return preferred;
  }
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = await tryListen(0);
    if (port !== null && !given.has(port)) {
      given.add(port);
      return port;
    }
  }
  throw new Error('No free port was found on 127.0.0.1.');
}

/** Lets `freePort` hand the port out again: its server has stopped. */
export function releasePort(port: number): void {
  given.delete(port);
}
