/**
 * How a socket opens, or is refused: the handshake, then the initialisation.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGateway, type TestGateway } from '../harness.ts';
import { connectSocket, openSocket, type RawSocket } from '../sockets.ts';
import { bearer } from '../transports.ts';
import { acknowledged, opened, subscribe } from './rig.ts';

const MAX_SOCKETS = 20;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway(`
cors: { origins: ['https://learn.example.org'] }
limits: { webSocket: { maxSockets: ${MAX_SOCKETS}, maxSocketsPerUser: 2, initialisationMs: 1000 } }
`);
});
afterAll(() => gateway.close());

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
    const late = await acknowledged(gateway);
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
    const [first] = [await acknowledged(gateway, bearer(token)), await acknowledged(gateway, bearer(token))];
    expect(await (await openSocket(gateway.url, bearer(token))).closed).toMatchObject({ code: 4451 });
    first.close();
    await first.closed;
    await eventually(() => acknowledged(gateway, bearer(token)));
  });
});
