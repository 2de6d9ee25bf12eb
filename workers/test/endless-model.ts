/**
 * A model that never ends its answer.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

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
