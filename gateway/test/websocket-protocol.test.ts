/**
 * GraphQL over WebSocket, rule by rule and close code by close code: with raw sockets, and with the stock client.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { eventually } from '@lyceum/testing';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openGateway, type TestGateway } from './harness.ts';
import { acknowledgedSocket, connectSocket, type Message, openSocket, type RawSocket } from './sockets.ts';

const EVERY = 'subscription { everyTick { n } }';
const BOOKS = '{ books { id ... @defer { reviews { stars } } } }';
const RENAME = 'mutation { rename(id: "p1", name: "Ursula") { name } }';
const KILO = 1024;
/** More than the kernel takes for a client that does not read. */
const FLOOD = { events: 40, bytes: KILO * KILO };
/** Sockets are pinged once in 12 s, and one that is idle is closed then. */
const IDLE_TIMEOUT = 20_000;
const MAX_SOCKETS = 20;

let gateway: TestGateway;
/** Closes sockets that do nothing, and takes its time. */
let impatient: TestGateway;
let idle: RawSocket;
let busy: RawSocket;
beforeAll(async () => {
  gateway = await openGateway(`
cors: { origins: ['https://learn.example.org'] }
limits:
  webSocket:
    maxMessageBytes: 10000
    maxOperations: 3
    maxSockets: ${MAX_SOCKETS}
    maxSocketsPerUser: 2
    initialisationMs: 1000
`);
  impatient = await openGateway('limits: { webSocket: { idleMs: 1 } }');
  idle = await acknowledgedSocket(impatient.url);
  busy = await acknowledgedSocket(impatient.url);
  busy.send(subscribe('1', EVERY));
});
afterAll(() => Promise.all([gateway.close(), impatient.close()]));
/** Whatever a test has opened is closed by then. */
beforeEach(() => expect.poll(followers).toBe(0));

const followers = () => gateway.subgraphs.ticks.followers;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const subscribe = (id: string, query: string, more: object = {}) => ({
  id,
  type: 'subscribe',
  payload: { query, ...more },
});

/** Closed when the test has ended. */
async function opened(socket: Promise<RawSocket>): Promise<RawSocket> {
  const raw = await socket;
  onTestFinished(() => raw.close());
  return raw;
}
const acknowledged = (payload?: object) => opened(acknowledgedSocket(gateway.url, payload));

/** All that has come of one operation. */
const of = ({ messages }: RawSocket, id: string) => messages.filter((message) => message.id === id);
const numbers = (socket: RawSocket, id: string) =>
  of(socket, id).flatMap(({ payload }) =>
    Object.values((payload as { data?: object } | undefined)?.data ?? {}).flatMap((tick) => tick.n ?? []),
  );

const cursorOf = (message: Message | undefined) =>
  (message?.payload as { extensions?: { cursor?: string } } | undefined)?.extensions?.cursor;

describe('the handshake', () => {
  const refusal = (init: Parameters<typeof connectSocket>[1], url = gateway.url) =>
    connectSocket(url, init).then(
      () => 'accepted',
      (error: Error) => error.message,
    );

  test('a client that asks for no subprotocol is closed with 4406', async () => {
    const socket = await connectSocket(gateway.url, { protocols: [] });
    expect(await socket.closed).toMatchObject({ code: 4406 });
  });

  test('a client that is refused and then breaks the framing ends its own connection and nothing else', async () => {
    const { port, hostname } = new URL(gateway.url);
    const line = connect(Number(port), hostname);
    const closed = once(line, 'close');
    line.write(
      'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: bGl2ZSBzdWJzY3JpYmVycw==\r\n\r\n',
    );
    await once(line, 'data');
    // Not masked, as a client's frames must be.
    line.write(Buffer.from([0x81, 0x01, 0x78]));
    await closed;
    expect((await gateway.ask('{ __typename }')).data).toEqual({ __typename: 'Query' });
  });

  test('a page of another origin is refused with 403; its own, a listed one and programs are not', async () => {
    const { origin } = new URL(gateway.url);
    expect(await refusal({ headers: { origin: 'https://evil.example.org' } })).toContain('403');
    expect(await refusal({ headers: { origin: 'null' } })).toContain('403');
    for (const own of ['https://learn.example.org', origin]) {
      const socket = await opened(connectSocket(gateway.url, { headers: { origin: own } }));
      socket.send({ type: 'ping' });
      await expect.poll(() => socket.messages).toEqual([{ type: 'pong' }]);
    }
  });

  test('another path is refused with 404', async () => {
    expect(await refusal({}, `${gateway.origin}/other`)).toContain('404');
  });

  test('more sockets than the gateway may hold are refused with 503', async () => {
    const open: RawSocket[] = [];
    const closeAll = async () => {
      for (const socket of open) socket.close();
      await Promise.all(open.map(({ closed }) => closed));
    };
    try {
      const fill = async () => {
        for (;;) open.push(await connectSocket(gateway.url));
      };
      await expect(fill()).rejects.toThrow('503');
      expect(open.length).toBeLessThanOrEqual(MAX_SOCKETS);
    } finally {
      await closeAll();
    }
    await eventually(async () => (await connectSocket(gateway.url)).close());
  });
});

describe('the initialisation', () => {
  test('a client that does not say who it is in time is closed with 4408', async () => {
    const socket = await connectSocket(gateway.url);
    expect(await socket.closed).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
  });

  test('a second initialisation is closed with 4429, whether the first was acknowledged or not', async () => {
    const early = await openSocket(gateway.url);
    early.send({ type: 'connection_init' });
    expect(await early.closed).toEqual({ code: 4429, reason: 'Too many initialisation requests' });
    const late = await acknowledged();
    late.send({ type: 'connection_init' });
    expect(await late.closed).toMatchObject({ code: 4429 });
  });

  test('an operation before the acknowledgement is closed with 4401', async () => {
    const socket = await connectSocket(gateway.url);
    socket.send(subscribe('1', '{ __typename }'));
    expect(await socket.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  test('a payload may be left out or null, and an anonymous client is acknowledged', async () => {
    for (const init of ['{"type":"connection_init"}', '{"type":"connection_init","payload":null}']) {
      const socket = await opened(connectSocket(gateway.url));
      socket.sendRaw(init);
      await expect.poll(() => socket.messages).toEqual([{ type: 'connection_ack' }]);
    }
  });

  test('a bad credential is closed with 4403', async () => {
    for (const authorization of ['Bearer a.b.c', 'nonsense', '', 7, null]) {
      const socket = await openSocket(gateway.url, { authorization });
      expect(await socket.closed).toMatchObject({ code: 4403 });
      expect(socket.messages).toEqual([]);
    }
  });

  test('more sockets of one person than allowed are closed with 4451, and a closed one makes room', async () => {
    const token = await gateway.token();
    const [first] = [await acknowledged(bearer(token)), await acknowledged(bearer(token))];
    expect(await (await openSocket(gateway.url, bearer(token))).closed).toMatchObject({ code: 4451 });
    first.close();
    await first.closed;
    await eventually(() => acknowledged(bearer(token)));
  });
});

describe('messages', () => {
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
    const socket = await acknowledged();
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

  test('one that is too large is closed with 1009', async () => {
    const socket = await acknowledged();
    socket.sendRaw(JSON.stringify(subscribe('1', `{ __typename } # ${'x'.repeat(10_000)}`)));
    expect(await socket.closed).toMatchObject({ code: 1009 });
  });

  test('messages after the one that closes a socket are ignored', async () => {
    const before = gateway.subgraphs.calls.length;
    const socket = await acknowledged();
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
});

describe('operations', () => {
  test('a query and a mutation are one result, then complete', async () => {
    const socket = await acknowledged();
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
    const socket = await acknowledged();
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
    const socket = await acknowledged();
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
      const socket = await acknowledged();
      socket.send(subscribe('1', running));
      socket.send(subscribe('1', '{ __typename }'));
      expect(await socket.closed).toEqual({ code: 4409, reason: 'Subscriber for 1 already exists' });
      await expect.poll(followers).toBe(0);
    }
  });

  test('an id may be used again once its operation is complete, from either side', async () => {
    const socket = await acknowledged();
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
    const socket = await acknowledged();
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
    const socket = await acknowledged();
    socket.send({ id: 'never', type: 'complete' });
    socket.send(subscribe('1', '{ __typename }'));
    await expect.poll(() => of(socket, '1')).toHaveLength(2);
    socket.send({ id: '1', type: 'complete' });
    socket.send({ type: 'ping' });
    await expect.poll(() => socket.messages.at(-1)).toEqual({ type: 'pong' });
  });

  test('more operations than a socket may carry are refused, and those that run go on', async () => {
    const socket = await acknowledged();
    for (const id of ['1', '2', '3', '4']) socket.send(subscribe(id, EVERY));
    const payload = [{ extensions: { code: 'RATE_LIMITED' } }];
    expect(await socket.answerTo('4')).toMatchObject({ type: 'error', payload });
    await expect.poll(followers).toBe(1);
    socket.send({ id: '1', type: 'complete' });
    socket.send(subscribe('4', '{ __typename }'));
    await expect.poll(() => of(socket, '4')).toHaveLength(3);
  });

  test('a subscription begins with its cursor and goes on from one, on another socket', async () => {
    const socket = await acknowledged();
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
    const again = await acknowledged();
    again.send(subscribe('1', EVERY, { extensions: { cursor } }));
    await expect.poll(() => numbers(again, '1')).toEqual([gateway.subgraphs.ticks.last]);
  });
});

describe('the end of a socket', () => {
  test('a client that does not read is closed with 4450 if it must get every event', async () => {
    const socket = await acknowledged();
    socket.send(subscribe('1', 'subscription { everyTick { n filler } }'));
    await expect.poll(followers).toBe(1);
    socket.read(false);
    gateway.subgraphs.ticks.emit(FLOOD.events, FLOOD.bytes);
    await expect.poll(followers, { timeout: 10_000 }).toBe(0);
    socket.read(true);
    expect(await socket.closed).toEqual({ code: 4450, reason: 'Slow reader: resume from the last cursor' });
    expect(numbers(socket, '1').length).toBeLessThan(FLOOD.events);
  });

  test('a client that does not read gets the newest event later, if that is what is declared', async () => {
    const query = 'subscription { latestTick { n filler } }';
    const [socket, witness] = [await acknowledged(), await acknowledged()];
    for (const each of [socket, witness]) each.send(subscribe('1', query, { extensions: { cursor: null } }));
    await socket.answerTo('1');
    await witness.answerTo('1');
    socket.read(false);
    gateway.subgraphs.ticks.emit(FLOOD.events, FLOOD.bytes);
    const { last } = gateway.subgraphs.ticks;
    await expect.poll(() => numbers(witness, '1').at(-1), { timeout: 10_000 }).toBe(last);
    socket.read(true);
    await expect.poll(() => numbers(socket, '1').at(-1), { timeout: 10_000 }).toBe(last);
    expect(numbers(socket, '1').length).toBeLessThan(FLOOD.events);
  });

  test('a socket is closed with 4403 within a second of the end of its token', async () => {
    const expiresAt = (Math.floor(Date.now() / 1_000) + 2) * 1_000;
    const token = await gateway.token({ expiresInSeconds: 2 });
    const socket = await acknowledged(bearer(token));
    expect(await socket.closed).toEqual({ code: 4403, reason: 'The access token has expired.' });
    expect(Math.abs(Date.now() - expiresAt)).toBeLessThan(1_000);
  });

  test('a fresh token in a ping prolongs a socket beyond the first, and no event is lost', async () => {
    const [viewerId, sessionId] = [randomUUID(), randomUUID()];
    const token = (expiresInSeconds: number) => gateway.token({ viewerId, sessionId, expiresInSeconds });
    const first = await acknowledged(bearer(await token(2)));
    const other = await acknowledged(bearer(await token(2)));
    first.send(subscribe('1', EVERY));
    await expect.poll(followers).toBe(1);
    gateway.subgraphs.ticks.emit();
    const fresh = await token(60);
    first.send({ type: 'ping', payload: bearer(fresh) });
    const [, claims = ''] = fresh.split('.');
    const { exp } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    const payload = { expiresAt: new Date(exp * 1_000).toISOString() };
    await expect.poll(() => first.messages).toContainEqual({ type: 'pong', payload });
    gateway.subgraphs.ticks.emit();
    expect(await other.closed).toMatchObject({ code: 4403 });
    gateway.subgraphs.ticks.emit();
    const { last } = gateway.subgraphs.ticks;
    await expect.poll(() => numbers(first, '1')).toEqual([last - 2, last - 1, last]);
  });

  test('a token in a ping that is bad, of another person or of another session is closed with 4403', async () => {
    const viewerId = randomUUID();
    const wrong = [
      await gateway.token(),
      await gateway.token({ viewerId }),
      await gateway.token({ viewerId, forged: true }),
      'nonsense',
    ];
    for (const token of wrong) {
      const socket = await acknowledged(bearer(await gateway.token({ viewerId })));
      socket.send({ type: 'ping', payload: bearer(token) });
      expect(await socket.closed).toMatchObject({ code: 4403 });
      expect(socket.messages).toHaveLength(1);
    }
  });

  test('a token in a ping is none of an anonymous socket, which is closed with 4403', async () => {
    const socket = await acknowledged();
    socket.send({ type: 'ping', payload: bearer(await gateway.token()) });
    expect(await socket.closed).toMatchObject({ code: 4403 });
  });

  test('while no keys can be had, a token is neither good nor bad: closed with 1013', async () => {
    const silent = await refusing();
    const locked = await openGateway('', undefined, { JWKS_URL: silent.url });
    onTestFinished(() => locked.close());
    const socket = await openSocket(locked.url, bearer(await locked.token()));
    expect(await socket.closed).toMatchObject({ code: 1013 });
  });

  test('a gateway that drains takes no socket and closes those it has with 1012, after what they wait for', async () => {
    const draining = await openGateway();
    onTestFinished(() => draining.close());
    const socket = await acknowledgedSocket(draining.url);
    socket.send(subscribe('slow', '{ slow }'));
    await expect.poll(() => draining.subgraphs.calls).toContain('people.slow');
    const drained = draining.drain();
    await eventually(async () => {
      await expect(connectSocket(draining.url)).rejects.toThrow();
    });
    draining.subgraphs.release();
    expect(await socket.closed).toEqual({ code: 1012, reason: 'Service restart' });
    expect(of(socket, 'slow')).toHaveLength(2);
    await drained;
  });

  test('a client that says goodbye leaves nothing behind', async () => {
    const socket = await acknowledged();
    socket.send(subscribe('1', EVERY));
    await expect.poll(followers).toBe(1);
    socket.close();
    expect(await socket.closed).toMatchObject({ code: 1005 });
    await expect.poll(followers).toBe(0);
  });
});

/** An address for keys that has none to give. */
async function refusing(): Promise<{ url: string }> {
  const server: Server = createServer((_req, res) => res.writeHead(503).end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('the stock client', () => {
  function stockClient(options: object = {}) {
    const client = createClient({
      url: gateway.url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...options,
    });
    onTestFinished(async () => void (await client.dispose()));
    return client;
  }

  test('runs operations of every type on one socket', async () => {
    const client = stockClient();
    const live = client.iterate({ query: EVERY });
    const first = live.next();
    await expect.poll(followers).toBe(1);
    for (const [query, results] of [
      ['{ __typename }', 1],
      [RENAME, 1],
      [BOOKS, 2],
    ] as const) {
      const got = [];
      for await (const result of client.iterate({ query })) got.push(result);
      expect(got).toHaveLength(results);
    }
    gateway.subgraphs.ticks.emit();
    expect((await first).value).toMatchObject({ data: { everyTick: { n: gateway.subgraphs.ticks.last } } });
    await live.return?.();
    await expect.poll(followers).toBe(0);
  });

  test('is told of errors as the protocol has them', async () => {
    const failing = stockClient().iterate({ query: '{ boooks }' });
    await expect(failing.next()).rejects.toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    const forbidden = stockClient({ connectionParams: { authorization: 'Bearer a.b.c' } });
    await expect(forbidden.iterate({ query: EVERY }).next()).rejects.toMatchObject({ code: 4403 });
  });

  test('keeps its socket alive by pings of its own', async () => {
    let pongs = 0;
    const client = stockClient({ keepAlive: 20, on: { pong: () => (pongs += 1) } });
    const live = client.iterate({ query: EVERY });
    void live.next();
    await expect.poll(() => pongs).toBeGreaterThan(2);
    await live.return?.();
  });
});

test('a socket without an operation is closed after a while; one that has one is not', {
  timeout: IDLE_TIMEOUT,
}, async () => {
  expect(await idle.closed).toEqual({ code: 1000, reason: 'Idle' });
  impatient.subgraphs.ticks.emit();
  await expect.poll(() => numbers(busy, '1')).toEqual([1]);
});
