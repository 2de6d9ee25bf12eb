/**
 * Whatever a resolver throws, wherever it throws it: the subscriber is told by the catalogue of errors, other operations on
 * the same line go on, and no process ends.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openEventStream } from './event-streams.ts';
import { openGateway, type TestGateway } from './harness.ts';
import { acknowledgedSocket } from './sockets.ts';

/** What the process itself would have been told, gateway and subgraphs alike. */
const escaped: unknown[] = [];
const note = (error: unknown) => escaped.push(error);

let gateway: TestGateway;
beforeAll(async () => {
  process.on('unhandledRejection', note).on('uncaughtException', note);
  gateway = await openGateway();
});
afterAll(async () => {
  await gateway.close();
  process.off('unhandledRejection', note).off('uncaughtException', note);
});
beforeEach(() => {
  escaped.length = 0;
});

const faulty = (how: string) => `subscription { faulty(how: ${how}) { n book { title } } }`;
const HEARD = { data: { faulty: { n: 1, book: { title: 'The Dispossessed' } } } };
const INTERNAL = { message: 'Something went wrong on our side.', extensions: { code: 'INTERNAL' } };
const REFUSED = { data: null, errors: [INTERNAL] };

/** How each fault ends, or goes on. */
const FAULTS: Record<string, readonly object[]> = {
  SUBSCRIBE: [REFUSED],
  REJECT: [REFUSED],
  NO_SOURCE: [REFUSED],
  SOURCE: [HEARD, REFUSED],
  SOURCE_WITHOUT_ERROR: [HEARD, REFUSED],
  RESOLVE: [HEARD, REFUSED],
  RESOLVE_WITHOUT_ERROR: [HEARD, REFUSED],
  ENRICHMENT: [HEARD, REFUSED],
};

describe.each(Object.entries(FAULTS))('a fault of the kind %s', (how, expected) => {
  test('is told over WebSocket, and the socket goes on', async () => {
    const socket = await acknowledgedSocket(gateway.url);
    onTestFinished(() => socket.close());
    socket.send({ id: 'live', type: 'subscribe', payload: { query: 'subscription { everyTick { n } }' } });
    await expect.poll(() => gateway.subgraphs.ticks.followers).toBe(1);
    socket.send({ id: '1', type: 'subscribe', payload: { query: faulty(how) } });
    const of = (id: string) => socket.messages.filter((message) => message.id === id);
    await expect.poll(() => of('1').at(-1)?.type).toBe('complete');
    expect(
      of('1')
        .slice(0, -1)
        .map(({ payload }) => payload),
    ).toMatchObject(expected);
    gateway.subgraphs.ticks.emit();
    await expect.poll(() => of('live')).toMatchObject([{ type: 'next' }]);
    expect(JSON.stringify(socket.messages)).not.toMatch(/has failed|cannot be|a text/);
    expect(escaped).toEqual([]);
  });

  test('is told in an event stream, which ends', async () => {
    const stream = await openEventStream(gateway.url, { body: { query: faulty(how) } });
    expect(await stream.over).toBe('ended');
    expect(stream.events.at(-1)).toMatchObject({ event: 'complete' });
    expect(stream.events.slice(0, -1).map(({ data }) => data)).toMatchObject(expected);
    expect(escaped).toEqual([]);
  });
});

test('a subscriber that goes at any moment of a fault leaves nothing behind', async () => {
  for (const how of Object.keys(FAULTS)) {
    const socket = await acknowledgedSocket(gateway.url);
    socket.send({ id: '1', type: 'subscribe', payload: { query: faulty(how) } });
    socket.close();
    await socket.closed;
  }
  const { data } = await gateway.ask('{ __typename }');
  expect(data).toEqual({ __typename: 'Query' });
  expect(escaped).toEqual([]);
});
