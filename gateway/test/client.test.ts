/** Lyceum's own client at the gateway, where tokens of seconds can be had. */
import { randomUUID } from 'node:crypto';
import { createLyceumClient } from '@lyceum/client';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openGateway, type TestGateway } from './harness.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway?.close());

test('one socket carries a subscription on while the tokens behind it end', async () => {
  const person = { viewerId: randomUUID(), sessionId: randomUUID() };
  let sockets = 0;
  let renewals = 0;
  class CountedWebSocket extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols);
      sockets += 1;
    }
  }
  const first = await gateway.token({ ...person, expiresInSeconds: 2 });
  const client = createLyceumClient({
    url: gateway.url,
    webSocketImpl: CountedWebSocket,
    token: () => first,
    refreshToken() {
      renewals += 1;
      return gateway.token({ ...person, expiresInSeconds: 6 });
    },
  });
  onTestFinished(() => client.close());
  const stars: unknown[] = [];
  const read = async () => {
    for await (const { data } of client.subscribe('subscription { reviewAdded { stars } }')) stars.push(data);
  };
  const ended = read();
  await expect.poll(() => gateway.subgraphs.subscribers).toBe(1);
  // The second renewal is due when the first token has been over for a while.
  await expect.poll(() => renewals, { timeout: 15_000 }).toBe(2);
  gateway.subgraphs.emit({ stars: 4, book: { id: 'b1' }, reviewer: { id: 'p1' } });
  await expect.poll(() => stars).toEqual([{ reviewAdded: { stars: 4 } }]);
  expect(sockets).toBe(1);
  await client.close();
  await ended;
});
