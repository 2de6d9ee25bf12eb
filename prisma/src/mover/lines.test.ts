/**
 * A server that lets one in and then says nothing, as one whose disk hangs.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ShardMap } from '../map/shard-map.ts';
import { Lines } from './lines.ts';
import { lockMap, spread } from './map-changes.ts';
import { identify } from './servers.ts';

/** AuthenticationOk, then ReadyForQuery, outside of a transaction. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
const FIRST: ShardMap = {
  version: 1,
  ranges: [{ from: 0, to: 4095, shard: 's1' }],
  members: { s1: null },
  residue: [],
};

let server: Server;
let lines: Lines;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {}).once('data', () => socket.write(WELCOME));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const env = { DATABASE_URL_USERS_S1: `postgres://somebody@127.0.0.1:${port}/users` };
  lines = new Lines({ env, domain: 'users', first: FIRST });
});

afterEach(async () => {
  await lines.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test('a server that lets one in and says nothing is given up, whatever it is asked of itself or of the map', async () => {
  const asked = await Promise.allSettled([
    identify(lines.pool('s1')),
    lines.primaryKnownTo(lines.pool('s1'), 's1'),
    lines.refresh(),
    lockMap(lines),
    lines.refreshFromAny(),
    spread(lines, FIRST),
  ]);
  const states = asked.map(({ status }) => status);
  expect(states).toEqual(['rejected', 'rejected', 'rejected', 'rejected', 'fulfilled', 'fulfilled']);
  expect(lines.map).toEqual(FIRST);
});
