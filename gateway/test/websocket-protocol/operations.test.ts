/**
 * Operations on a socket: their results, their errors, their ids and their end.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openGateway, type TestGateway } from '../harness.ts';
import type { Message } from '../sockets.ts';
import { BOOKS, EVERY, RENAME } from '../transports.ts';
import { acknowledged, numbers, of, subscribe } from './rig.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway('limits: { webSocket: { maxOperations: 3 } }');
});
afterAll(() => gateway.close());

const followers = () => gateway.subgraphs.ticks.followers;
/** Whatever a test has opened is closed by then. */
beforeEach(() => expect.poll(followers).toBe(0));

const cursorOf = (message: Message | undefined) =>
  (message?.payload as { extensions?: { cursor?: string } } | undefined)?.extensions?.cursor;

test('a query and a mutation are one result, then complete', async () => {
  const socket = await acknowledged(gateway);
  socket.send(subscribe('q', '{ __typename }'));
  socket.send(subscribe('m', RENAME));
  await expect
    .poll(() => [...of(socket, 'q'), ...of(socket, 'm')])
    .toEqual([
      { id: 'q', type: 'next', payload: { data: { __typename: 'Query' } } },
      { id: 'q', type: 'complete' },
      { id: 'm', type: 'next', payload: { data: { rename: { name: 'Ursula' } } } },
      { id: 'm', type: 'complete' },
    ]);
});

test('an answer in parts is several results, then complete', async () => {
  const socket = await acknowledged(gateway);
  socket.send(subscribe('1', BOOKS));
  await expect
    .poll(() => of(socket, '1'))
    .toMatchObject([
      { type: 'next', payload: { hasNext: true } },
      { type: 'next', payload: { hasNext: false } },
      { type: 'complete' },
    ]);
});

test('a result with errors and data is a result; without data it is an error, which ends the operation', async () => {
  const socket = await acknowledged(gateway);
  socket.send(subscribe('partial', '{ fault books { id } }'));
  await expect
    .poll(() => of(socket, 'partial'))
    .toMatchObject([
      { type: 'next', payload: { data: { fault: null }, errors: [{ path: ['fault'] }] } },
      { type: 'complete' },
    ]);
  for (const [query, code] of [
    ['{ books {', 'GRAPHQL_PARSE_FAILED'],
    ['{ boooks }', 'GRAPHQL_VALIDATION_FAILED'],
    ['', 'GRAPHQL_PARSE_FAILED'],
  ] as const) {
    socket.send(subscribe(code, query));
    const payload = [{ message: expect.any(String), extensions: { code } }];
    await expect.poll(() => of(socket, code).at(-1)).toMatchObject({ type: 'error', payload });
  }
  socket.send({ id: 'no document', type: 'subscribe', payload: {} });
  expect(await socket.answerTo('no document')).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'BAD_REQUEST' } }],
  });
  expect(socket.messages.filter(({ type }) => type === 'complete')).toHaveLength(1);
  // Its id is free.
  socket.send(subscribe('no document', '{ __typename }'));
  await expect.poll(() => of(socket, 'no document')).toMatchObject([{}, { type: 'next' }, { type: 'complete' }]);
});

test('an id that is in use is closed with 4409, whatever it is used for', async () => {
  for (const running of [EVERY, '{ slow }']) {
    const socket = await acknowledged(gateway);
    socket.send(subscribe('1', running));
    socket.send(subscribe('1', '{ __typename }'));
    expect(await socket.closed).toEqual({ code: 4409, reason: 'Subscriber for 1 already exists' });
    await expect.poll(followers).toBe(0);
  }
});

test('an id may be used again once its operation is complete, from either side', async () => {
  const socket = await acknowledged(gateway);
  socket.send(subscribe('1', '{ __typename }'));
  await expect.poll(() => of(socket, '1')).toHaveLength(2);
  socket.send(subscribe('1', EVERY));
  await expect.poll(followers).toBe(1);
  socket.send({ id: '1', type: 'complete' });
  await expect.poll(followers).toBe(0);
  socket.send(subscribe('1', EVERY));
  await expect.poll(followers).toBe(1);
  gateway.subgraphs.ticks.emit();
  await expect.poll(() => numbers(socket, '1')).toEqual([gateway.subgraphs.ticks.last]);
});

test('nothing is sent of an operation that the client has completed, a single result neither', async () => {
  const socket = await acknowledged(gateway);
  gateway.subgraphs.calls.length = 0;
  socket.send(subscribe('slow', '{ slow }'));
  socket.send(subscribe('live', EVERY));
  await expect.poll(() => gateway.subgraphs.calls.includes('people.slow') && followers() === 1).toBe(true);
  for (const id of ['slow', 'live']) socket.send({ id, type: 'complete' });
  await expect.poll(() => gateway.subgraphs.calls).toContain('people.slow is not waited for');
  gateway.subgraphs.ticks.emit();
  socket.send(subscribe('after', '{ __typename }'));
  await expect.poll(() => of(socket, 'after')).toHaveLength(2);
  expect([...of(socket, 'slow'), ...of(socket, 'live')]).toEqual([]);
});

test('a completion of an operation that is unknown or over is ignored', async () => {
  const socket = await acknowledged(gateway);
  socket.send({ id: 'never', type: 'complete' });
  socket.send(subscribe('1', '{ __typename }'));
  await expect.poll(() => of(socket, '1')).toHaveLength(2);
  socket.send({ id: '1', type: 'complete' });
  socket.send({ type: 'ping' });
  await expect.poll(() => socket.messages.at(-1)).toEqual({ type: 'pong' });
});

test('more operations than a socket may carry are refused, and those that run go on', async () => {
  const socket = await acknowledged(gateway);
  for (const id of ['1', '2', '3', '4']) socket.send(subscribe(id, EVERY));
  const payload = [{ extensions: { code: 'RATE_LIMITED' } }];
  expect(await socket.answerTo('4')).toMatchObject({ type: 'error', payload });
  await expect.poll(followers).toBe(1);
  socket.send({ id: '1', type: 'complete' });
  socket.send(subscribe('4', '{ __typename }'));
  await expect.poll(() => of(socket, '4')).toHaveLength(3);
});

test('a subscription begins with its cursor and goes on from one, on another socket', async () => {
  const socket = await acknowledged(gateway);
  socket.send(subscribe('1', EVERY, { extensions: { cursor: null } }));
  expect(await socket.answerTo('1')).toEqual({
    id: '1',
    type: 'next',
    payload: { extensions: { cursor: expect.any(String) } },
  });
  gateway.subgraphs.ticks.emit(3);
  await expect.poll(() => numbers(socket, '1')).toHaveLength(3);
  const cursor = cursorOf(of(socket, '1')[2]);
  socket.close();
  const again = await acknowledged(gateway);
  again.send(subscribe('1', EVERY, { extensions: { cursor } }));
  await expect.poll(() => numbers(again, '1')).toEqual([gateway.subgraphs.ticks.last]);
});
