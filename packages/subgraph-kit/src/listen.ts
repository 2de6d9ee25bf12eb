import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Port 0 takes a free one. Rejects when the port cannot be had. */
export async function listenOn(server: Server, port: number, host: string): Promise<{ port: number; url: string }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  const shown = host.includes(':') ? `[${host}]` : host;
  return { port: address.port, url: `http://${shown}:${address.port}` };
}
