/**
 * Messages on a socket: what is none of the protocol closes it; pings and pongs are taken at any time.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGateway, type TestGateway } from '../harness.ts';
import { connectSocket } from '../sockets.ts';
import { RENAME } from '../transports.ts';
import { acknowledged, opened, subscribe } from './rig.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway('limits: { webSocket: { maxMessageBytes: 10000 } }');
});
afterAll(() => gateway.close());

const MALFORMED: Record<string, string | Buffer> = {
  'no JSON': 'hello',
  'cut short': '{"type":"ping"',
  empty: '',
  'a number': '7',
  null: 'null',
  'an array': '[{"type":"ping"}]',
  'an object without a type': '{}',
  'a type that is no text': '{"type":7}',
  'an unknown type': '{"type":"start"}',
  'a type of the server': '{"type":"next","id":"1","payload":{}}',
  'a ping whose payload is an array': '{"type":"ping","payload":[]}',
  'a pong whose payload is a text': '{"type":"pong","payload":"x"}',
  'an initialisation whose payload is a number': '{"type":"connection_init","payload":7}',
  'a subscription without an id': '{"type":"subscribe","payload":{"query":"{a}"}}',
  'a subscription whose id is empty': '{"type":"subscribe","id":"","payload":{"query":"{a}"}}',
  'a subscription whose id is a number': '{"type":"subscribe","id":1,"payload":{"query":"{a}"}}',
  'a subscription whose id is too long': JSON.stringify(subscribe('x'.repeat(257), '{ a }')),
  'a subscription without a payload': '{"type":"subscribe","id":"1"}',
  'a subscription whose payload is an array': '{"type":"subscribe","id":"1","payload":[]}',
  'a document that is no text': '{"type":"subscribe","id":"1","payload":{"query":7}}',
  'variables that are an array': '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}',
  'an operation name that is a number': '{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":7}}',
  'extensions that are a text': '{"type":"subscribe","id":"1","payload":{"query":"{a}","extensions":"x"}}',
  'a completion without an id': '{"type":"complete"}',
  'binary data': Buffer.from([0, 1, 2, 255]),
  'JSON sent as binary data': Buffer.from('{"type":"ping"}'),
};

test.each(Object.entries(MALFORMED))('%s is closed with 4400, and says why', async (_name, message) => {
  const socket = await acknowledged(gateway);
  socket.sendRaw(message);
  const { code, reason } = await socket.closed;
  expect(code).toBe(4400);
  expect(reason).not.toBe('');
  expect(socket.messages).toHaveLength(1);
});

test('a malformed message is closed with 4400 before the initialisation, too', async () => {
  const socket = await connectSocket(gateway.url);
  socket.sendRaw('[]');
  expect(await socket.closed).toMatchObject({ code: 4400 });
});

test('a message that is too large is closed with 1009', async () => {
  const socket = await acknowledged(gateway);
  socket.sendRaw(JSON.stringify(subscribe('1', `{ __typename } # ${'x'.repeat(10_000)}`)));
  expect(await socket.closed).toMatchObject({ code: 1009 });
});

test('messages after the one that closes a socket are ignored', async () => {
  const before = gateway.subgraphs.calls.length;
  const socket = await acknowledged(gateway);
  socket.sendRaw('[]');
  socket.send(subscribe('1', RENAME));
  socket.send({ type: 'connection_init' });
  expect(await socket.closed).toMatchObject({ code: 4400 });
  const { data } = await gateway.ask('{ seen { requestId } }');
  expect(data).toBeDefined();
  expect(gateway.subgraphs.calls.slice(before)).toEqual(['people.seen']);
});

test('a ping is answered with its payload at any time; a pong is taken, asked for or not', async () => {
  const socket = await opened(connectSocket(gateway.url));
  socket.send({ type: 'ping', payload: { at: 1 } });
  socket.send({ type: 'pong' });
  socket.send({ type: 'pong', payload: { any: 'thing' } });
  socket.send({ type: 'connection_init' });
  socket.send({ type: 'ping' });
  await expect.poll(() => socket.messages).toHaveLength(3);
  // The acknowledgement takes a moment, and pings do not wait for it.
  expect(socket.messages).toContainEqual({ type: 'pong', payload: { at: 1 } });
  expect(socket.messages).toContainEqual({ type: 'pong' });
  expect(socket.messages).toContainEqual({ type: 'connection_ack' });
});
