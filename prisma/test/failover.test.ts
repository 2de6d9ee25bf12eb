/**
 * The primary of a shard dies for good, and a replica takes its place.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalPostgres, type PostgresNode, startPostgres } from '@lyceum/local-stack';
import { eventually, sql } from '@lyceum/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { internalsOf } from '../src/database.ts';
import { type Database, type Domain, databaseName, migrate, newId, newIdBeside } from '../src/index.ts';
import { firstMap, type ShardsPolicy } from '../src/map/shard-map.ts';
import { changeServers, Lines, type PromoteOptions, promoteReplica } from '../src/mover/index.ts';
import { openTestDatabase } from './support.ts';

const DOMAINS = ['users', 'progress'] as const satisfies readonly Domain[];
const ranges = [{ from: 0, to: 4095, shard: 's1' }];
const POLICY: ShardsPolicy = {
  version: 1,
  users: { ranges },
  courses: { ranges, coursesPerBucket: 1 },
  progress: { ranges },
  ai: { ranges },
};

let folder: string;
let postgres: LocalPostgres;
let env: Record<string, string>;
let opened: Awaited<ReturnType<typeof openTestDatabase<'progress'>>>;
let progress: Database<'progress'>;
let lines: Lines[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lyceum-failover-test-'));
  postgres = await startPostgres({
    directory: folder,
    shards: ['s1'],
    databases: DOMAINS.map(databaseName),
    durability: 'fast',
    replicas: 2,
  });
  const { primary, replicas } = postgres.shard('s1');
  env = Object.fromEntries(
    DOMAINS.flatMap((domain) => [
      [`DATABASE_URL_${domain.toUpperCase()}_S1`, primary.url(databaseName(domain))],
      [
        `DATABASE_REPLICA_URLS_${domain.toUpperCase()}_S1`,
        replicas.map((replica) => replica.url(databaseName(domain))).join(),
      ],
    ]),
  );
  for (const domain of DOMAINS) await migrate({ domain, urls: { s1: primary.url(databaseName(domain)) } });
  opened = await openTestDatabase('progress', env, { redis: false, policy: POLICY });
  progress = opened.database;
  lines = openLines();
});

afterEach(async () => {
  await opened?.close();
  await Promise.all((lines ?? []).map((each) => each.close()));
  await postgres?.stop('immediate');
  await rm(folder, { recursive: true, force: true });
});

const openLines = () => DOMAINS.map((domain) => new Lines({ env, domain, first: firstMap(POLICY, domain) }));
const addressOf = ({ port }: PostgresNode) => `127.0.0.1:${port}`;
const promote = (options: Partial<PromoteOptions> = {}) =>
  promoteReplica(lines, 's1', { onProgress: () => {}, ...options });

/** Returns the id of an enrolment that was acknowledged. */
async function enrol(): Promise<string> {
  const learnerId = newId(7);
  const id = newIdBeside(learnerId);
  await progress
    .session(learnerId)
    .transaction(learnerId, (tx) => tx.enrollment.create({ data: { id, learnerId, courseId: newId(0), revision: 0 } }));
  return id;
}

async function enrolmentsOn(server: PostgresNode): Promise<string[]> {
  const rows = await sql<{ id: string }>(server.url(databaseName('progress')), 'SELECT id FROM enrollment');
  return rows.map(({ id }) => id);
}

/** The server of s1 that takes writes, besides `other`. */
async function writable(other?: PostgresNode): Promise<PostgresNode> {
  const { primary, replicas } = postgres.shard('s1');
  for (const server of [primary, ...replicas]) {
    if (server === other || server.pid === null) continue;
    const [row] = await server.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
    if (!row!.standby) return server;
  }
  throw new Error('No server of s1 takes writes.');
}

test('a primary that answers is not replaced, and is named', async () => {
  const { primary, replicas } = postgres.shard('s1');
  await expect(promote()).rejects.toThrow(`The primary of s1 (${addressOf(primary)}) answers.`);
  for (const replica of replicas) {
    expect(await replica.query('SELECT pg_is_in_recovery() AS standby')).toEqual([{ standby: true }]);
  }
});

test('a primary that answers, but takes no connection now, is not replaced', async () => {
  const { primary } = postgres.shard('s1');
  for (const domain of DOMAINS) await primary.query(`ALTER DATABASE ${databaseName(domain)} ALLOW_CONNECTIONS false`);
  await expect(promote()).rejects.toThrow(`The primary of s1 (${addressOf(primary)}) answers.`);
});

test('a shard that nobody knows, or without a replica that answers, is refused', async () => {
  await expect(promoteReplica(lines, 's9', { onProgress: () => {} })).rejects.toThrow('No domain has a shard s9.');
  const { primary, replicas } = postgres.shard('s1');
  await Promise.all([primary, ...replicas].map((server) => server.kill()));
  await expect(promote()).rejects.toThrow(/^No replica of s1 that followed its primary answers\./);
});

test('the replica that received most is promoted, and processes that know the old primary find it by themselves', async () => {
  const { primary, replicas } = postgres.shard('s1');
  const [behind, ahead] = replicas;
  const before = await enrol();
  await behind!.stop('immediate');
  const last = await enrol();
  await eventually(async () => (await enrolmentsOn(ahead!)).includes(last));
  await primary.kill();
  await behind!.start();

  expect(await promote()).toEqual([{ replaced: addressOf(primary), address: addressOf(ahead!) }]);
  const after = await eventually(enrol);
  expect(await enrolmentsOn(ahead!)).toEqual([before, last, after]);
  const session = progress.session(newId(7));
  const client = await session.read(after, 'eventual');
  expect(await client.enrollment.count()).toBe(3);

  const late = await openTestDatabase('progress', env, { redis: false, policy: POLICY });
  const found = await late.database.session(null).read(after, 'primary');
  expect(await found.enrollment.count()).toBe(3);
  await late.close();
});

test('a replica that does not answer may have the last writes: none is promoted unless it is named', async () => {
  const { primary, replicas } = postgres.shard('s1');
  const [away, there] = replicas.map(addressOf) as [string, string];
  await replicas[0]!.stop('immediate');
  const last = await enrol();
  await eventually(async () => (await enrolmentsOn(replicas[1]!)).includes(last));
  await primary.kill();

  await expect(promote()).rejects.toThrow(
    new RegExp(`^The replica ${away} of s1 does not answer\\. It may be the only .* --without ${away}$`),
  );
  await expect(promote({ without: [there] })).rejects.toThrow(`--without ${away}`);
  await expect(promote({ without: ['127.0.0.1:9'] })).rejects.toThrow('--without 127.0.0.1:9: no replica of s1.');
  expect(await replicas[1]!.query('SELECT pg_is_in_recovery() AS standby')).toEqual([{ standby: true }]);

  expect(await promote({ without: [away] })).toEqual([{ replaced: addressOf(primary), address: there }]);
  expect(await enrolmentsOn(replicas[1]!)).toEqual([last]);
  for (const { map } of lines) expect(map.members.s1).toEqual({ primary: there, replicas: [] });
});

test('a promotion that was cut off goes on with the same replica when it is run again', async () => {
  const { primary } = postgres.shard('s1');
  const last = await enrol();
  await postgres.shard('s1').caughtUp();
  await primary.kill();
  for (const text of ['promoting', 'users: s1 is']) {
    const onProgress = (message: string) => {
      if (message.includes(text)) throw new Error('cut off');
    };
    const cutOff = promote({ onProgress });
    await expect(cutOff).rejects.toThrow('cut off');
  }
  await Promise.all(lines.map((each) => each.close()));
  lines = openLines();
  await promote();
  const now = await writable();
  const address = addressOf(now);
  expect(await enrolmentsOn(now)).toEqual([last]);
  await eventually(enrol);
  for (const each of lines) {
    expect(each.map.members.s1?.primary, each.domain).toBe(address);
    expect(each.map.version, each.domain).toBe(2);
  }
  await expect(promote()).rejects.toThrow(`The primary of s1 (${address}) answers.`);
});

test('an old primary that starts again gets no write of who has heard of the new one, and no place on the map', async () => {
  const { primary } = postgres.shard('s1');
  await enrol();
  await postgres.shard('s1').caughtUp();
  await primary.kill();
  await promote();
  await eventually(enrol);
  await primary.start();
  const enter = `SELECT enter_bucket(7, ${internalsOf(progress).router.map.version}, 's1')`;
  await expect(sql(primary.url(databaseName('progress')), enter)).rejects.toThrow(/shard map/);

  const id = await enrol();
  expect(await enrolmentsOn(primary)).not.toContain(id);
  const now = addressOf(await writable(primary));
  const naming = changeServers(lines, 's1', { primary: addressOf(primary), replicas: [] }, () => {});
  await expect(naming).rejects.toThrow(`The primary of s1 (${now}) takes writes.`);
});

test('while a primary is dead, who has an address is still told', async () => {
  const { primary } = postgres.shard('s1');
  const users = await openTestDatabase('users', env, { redis: false, policy: POLICY });
  try {
    const { directory } = users.database;
    const id = newId(7);
    const email = 'kept@example.org';
    await directory.withClaims(users.database.session(id), { ownerId: id, values: { email } }, (tx) =>
      tx.user.create({ data: { id, email, displayName: 'Kept' } }),
    );
    await postgres.shard('s1').caughtUp();
    await primary.kill();
    expect(await directory.lookup('email', email)).toBe(id);
    await expect(directory.lookup('email', 'unknown@example.org')).rejects.toThrow();
  } finally {
    await users.close();
  }
});

test('a replica that did not follow the primary that died does not take its place', async () => {
  const { primary } = postgres.shard('s1');
  await postgres.shard('s1').caughtUp();
  await primary.kill();
  await promote();
  // The other replica still asks the one that died: it lacks this.
  await eventually(enrol);
  await (await writable()).kill();
  await expect(promote()).rejects.toThrow(/^No replica of s1 that followed its primary answers\./);
});

test('replicas are named anew, for what they are alone', async () => {
  const { primary, replicas } = postgres.shard('s1');
  const [first, second] = replicas.map(addressOf) as [string, string];
  const name = (member: { primary: string; replicas: string[] }) => changeServers(lines, 's1', member, () => {});
  await expect(name({ primary: first, replicas: [] })).rejects.toThrow(`${first} is a standby.`);
  await expect(name({ primary: addressOf(primary), replicas: [addressOf(primary)] })).rejects.toThrow(
    'is a primary, no replica',
  );
  await expect(name({ primary: addressOf(primary), replicas: ['127.0.0.1:9'] })).rejects.toThrow(
    '127.0.0.1:9 does not answer',
  );

  await name({ primary: addressOf(primary), replicas: [second] });
  const { router } = internalsOf(progress);
  await eventually(() => router.map.map.members.s1?.replicas.join() === second);
});

test('a connection that is lost while its transaction waits fails that transaction, not the process', async () => {
  const { fenced } = internalsOf(progress);
  const { primary } = postgres.shard('s1');
  const write = fenced.write(7, async () => {
    await primary.kill();
    await eventually(async () =>
      progress.check().then(
        () => false,
        () => true,
      ),
    );
  });
  await expect(write).rejects.toThrow();
});
