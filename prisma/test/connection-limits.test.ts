/**
 * The connections of a deployment against the servers of the stack.
 */
import { ConfigError, createLogger } from '@lyceum/service-kit';
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressOf, assertConnectionsFit, DatabasePolicy, DOMAINS, firstMap, surveyConnections } from '../src/index.ts';
import { log, readShards } from './support.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await openTenant(DOMAINS);
});
afterAll(() => tenant?.close());

const survey = async (policy: object = {}, env = tenant.env) =>
  surveyConnections({ policy: DatabasePolicy.parse(policy), shards: await readShards(), env });
const primary = () => addressOf(tenant.databaseUrl('users', 's1'));

test('each server says what it gives to services, less what is reserved and spare', async () => {
  const servers = await survey({ spare: 20 });
  expect(servers.map(({ role, limit }) => [role, limit]).sort()).toEqual([
    ['primary', 175],
    ['primary', 175],
    ['replica', 175],
    ['replica', 175],
  ]);
});

test('a deployment that fits starts, and one line says what it may open', async () => {
  const lines: string[] = [];
  const listening = createLogger('test', { destination: { write: (line) => void lines.push(line) } });
  const policy = DatabasePolicy.parse({});
  await assertConnectionsFit({ policy, shards: await readShards(), env: tenant.env, log: listening });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!).servers).toContainEqual({
    address: primary(),
    role: 'primary',
    connections: 88,
    limit: 187,
  });
});

test('a deployment that cannot fit does not start, and hears of every server that is too small', async () => {
  const policy = DatabasePolicy.parse({ processes: { progress: 9 } });
  const failure = await assertConnectionsFit({ policy, shards: await readShards(), env: tenant.env, log }).catch(
    (e) => e,
  );
  expect(failure).toBeInstanceOf(ConfigError);
  expect(failure.problems).toHaveLength(2);
  expect(failure.message).toContain(`${primary()} gives 187 connections`);
  expect(failure.message).toMatch(/up to 216 may be opened, most of them by progress read 54, progress write 54/);
});

test('a shard that joined is counted on the server that the map names', async () => {
  const members = { ...firstMap(await readShards(), 'ai').members, s3: { primary: primary(), replicas: [] } };
  const map = { ...firstMap(await readShards(), 'ai'), version: 2, members };
  const before = (await survey()).find(({ address }) => address === primary())!.connections;
  await sql(tenant.databaseUrl('ai', 's2'), 'UPDATE shard_map SET version = 2, map = $1', [JSON.stringify(map)]);
  const after = (await survey()).find(({ address }) => address === primary())!.connections;
  expect(after - before).toBe(16 + 4 + 4);
});

test('behind poolers nothing is compared, and a server that is away keeps no service from starting', async () => {
  expect((await survey({ pooler: true })).map(({ limit }) => limit)).toEqual([null, null, null, null]);
  const away = {
    DATABASE_URL_USERS_S1: 'postgres://nobody@127.0.0.1:1/x',
    DATABASE_URL_USERS_S2: 'postgres://nobody@127.0.0.1:1/x',
  };
  expect(await survey({}, away)).toMatchObject([{ address: '127.0.0.1:1', limit: null }]);
});
