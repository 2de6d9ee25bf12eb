/**
 * Subscriptions over WebSocket and server-sent events, through a real socket to the subgraph that owns them.
 */
import { eventually, graphClient } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGateway, type TestGateway } from './harness.ts';

const REVIEWS = 'subscription ($book: ID) { reviewAdded(bookId: $book) { stars book { title } reviewer { name } } }';
const review = (stars: number, id = 'b2') => ({ stars, book: { id }, reviewer: { id: 'p1' } });
const enriched = (stars: number, title = 'Solaris') => ({
  reviewAdded: { stars, book: { title }, reviewer: { name: 'Ursula' } },
});

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

test('a subscription event is enriched by other subgraphs', async () => {
  const events = graphClient(gateway.url).subscribe(REVIEWS, { book: 'b2' });
  const first = events.next();
  await eventually(() => gateway.subgraphs.subscribers === 1);
  gateway.subgraphs.emit(review(1, 'b1'));
  for (const stars of [2, 3, 4]) gateway.subgraphs.emit(review(stars));
  expect((await first).value).toEqual(enriched(2));
  expect((await events.next()).value).toEqual(enriched(3));
  expect((await events.next()).value).toEqual(enriched(4));
  await events.return();
  await eventually(() => gateway.subgraphs.subscribers === 0);
});

test('a subscription over server-sent events gets the same events and ends with its connection', async () => {
  const hangUp = new AbortController();
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: REVIEWS }),
    signal: hangUp.signal,
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  await eventually(() => gateway.subgraphs.subscribers === 1);
  gateway.subgraphs.emit(review(5));
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (text.includes('data:')) break;
  }
  expect(text).toContain(`event: next\ndata: ${JSON.stringify({ data: enriched(5) })}\n\n`);
  hangUp.abort();
  await eventually(() => gateway.subgraphs.subscribers === 0);
});

test('a subscription without a stream to send it on is refused', async () => {
  const { errors } = await gateway.ask(REVIEWS);
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_REQUEST' } });
});

test('a subscription goes on when its subgraph comes back', async () => {
  const events = graphClient(gateway.url).subscribe(REVIEWS);
  const first = events.next();
  await eventually(() => gateway.subgraphs.subscribers === 1);
  await gateway.subgraphs.stop('reviews');
  await eventually(() => gateway.subgraphs.subscribers === 0);
  await gateway.subgraphs.start('reviews');
  await eventually(() => gateway.subgraphs.subscribers === 1);
  gateway.subgraphs.emit(review(4));
  expect((await first).value).toEqual(enriched(4));
  await events.return();
  await eventually(() => gateway.subgraphs.subscribers === 0);
});

test('an event whose enrichment fails in part is delivered with one error and the rest of its data', async () => {
  const hangUp = new AbortController();
  await gateway.subgraphs.stop('library');
  try {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { reviewAdded { stars book { id stars title } } }' }),
      signal: hangUp.signal,
    });
    await eventually(() => gateway.subgraphs.subscribers === 1);
    gateway.subgraphs.emit(review(3));
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes('data:')) break;
    }
    expect(text).toContain('"code":"SUBGRAPH_UNAVAILABLE"');
    expect(text).toContain('"path":["reviewAdded","book","title"]');
  } finally {
    hangUp.abort();
    await gateway.subgraphs.start('library');
  }
});
