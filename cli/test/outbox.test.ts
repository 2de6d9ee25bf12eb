import { ProgressUpdated } from '@lyceum/contracts';
import { newId } from '@lyceum/database';
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { lyceum } from './support.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await openTenant(['users', 'courses', 'progress', 'ai']);
});
beforeEach(async () => {
  for (const shard of ['s1', 's2']) await progress(shard, 'DELETE FROM outbox_dead_letter');
});
afterAll(() => tenant?.close());

const progress = (shard: string, statement: string, values?: unknown[]) =>
  sql(tenant.databaseUrl('progress', shard), statement, values);
const outbox = (...args: string[]) => lyceum(['outbox', ...args], tenant.env);

/** Returns the id of a message that died. */
async function letterOn(shard: string, reason = 'WRONGTYPE Operation against a key'): Promise<string> {
  const id = newId(1);
  await progress(
    shard,
    `INSERT INTO outbox_dead_letter (id, seq, kind, name, version, key, payload, delivery, occurred_at, tries, reason)
     VALUES ($1, 1, 'event', $2, 1, 'somebody', '{"revision": 7}', 'live', now(), 8, $3)`,
    [id, ProgressUpdated.name, reason],
  );
  return id;
}

test('status shows what waits, since when, and how much is dead, of every domain and shard', async () => {
  await letterOn('s2');
  await progress(
    's1',
    `INSERT INTO outbox_message (id, kind, name, version, key, payload, delivery, occurred_at)
     SELECT gen_random_uuid(), 'event', 'an.event', 1, 'k', '{}', 'live', now() - interval '5 minutes' FROM generate_series(1, 1200)`,
  );
  const { code, stdout } = await outbox('status');
  await progress('s1', 'DELETE FROM outbox_message');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^progress +s1 +1,200 +5 min +0$/m);
  expect(stdout).toMatch(/^progress +s2 +0 +– +1$/m);
  expect(stdout.trim().split('\n')).toHaveLength(9);
});

test('dead letters are listed, shown in full, and dropped', async () => {
  const id = await letterOn('s1');
  const other = await letterOn('s2', 'too large');
  const listed = await outbox('dead-letters');
  expect(listed.stdout).toContain(`${id}  event progress.updated of somebody`);
  expect(listed.stdout).toMatch(/progress\/s2, died \S+ after 8 tries: too large/);
  const one = await outbox('dead-letters', '--limit', '1');
  expect(one.stdout).toContain(other);
  expect(one.stdout).not.toContain(id);
  expect(one.stdout).toContain('There are more');
  expect((await outbox('dead-letters', '--domain', 'users')).stdout).toBe('There are no dead letters.\n');

  const shown = await outbox('show', id);
  expect(shown.stdout).toMatch(/reason +WRONGTYPE Operation against a key/);
  expect(shown.stdout).toContain('"revision": 7');
  expect(await outbox('drop', id)).toMatchObject({ code: 0, stdout: '1 dead letter dropped.\n' });
  const gone = await outbox('drop', id);
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringMatching(/No dead letter has the id .*dead-letters/)]);
});

test('dead letters are replayed by id, or all of them, and wait again under their ids', async () => {
  const ids = [await letterOn('s1'), await letterOn('s2'), await letterOn('s2')];
  const missing = newId(2);
  const some = await outbox('replay', ids[0]!, missing);
  expect([some.code, some.stdout]).toEqual([1, '1 dead letter replayed.\n']);
  expect(some.stderr).toContain(`No dead letter has the id ${missing}`);
  expect(await outbox('replay', '--all')).toMatchObject({ code: 0, stdout: '2 dead letters replayed.\n' });
  const waiting = await Promise.all(
    ['s1', 's2'].map((shard) => progress(shard, 'DELETE FROM outbox_message RETURNING id')),
  );
  expect(new Set(waiting.flat().map((row) => row.id))).toEqual(new Set(ids));
});

test('bad input and a database that is away are told by name and with a remedy', async () => {
  const noId = await outbox('show', 'abc');
  expect([noId.code, noId.stderr]).toEqual([1, expect.stringMatching(/abc is not the id of a message.*dead-letters/)]);
  const neither = await outbox('replay');
  expect([neither.code, neither.stderr]).toEqual([
    2,
    expect.stringContaining('name the ids of dead letters, or --all'),
  ]);
  const domain = await outbox('dead-letters', '--domain', 'weather');
  expect([domain.code, domain.stderr]).toEqual([2, expect.stringContaining('users, courses, progress, ai')]);
  const limit = await outbox('dead-letters', '--limit', '0');
  expect([limit.code, limit.stderr]).toEqual([2, expect.stringContaining('from 1 to 1000')]);
  const away = await lyceum(['outbox', 'status'], {
    ...tenant.env,
    DATABASE_URL_AI_S1: 'postgres://nobody@127.0.0.1:9/none',
  });
  expect([away.code, away.stderr]).toEqual([1, expect.stringMatching(/1 of 8.*lyceum doctor/)]);
  expect(away.stdout).toMatch(/^ai +s1 +.*ECONNREFUSED/m);
  expect(away.stdout).toMatch(/^ai +s2 +0 /m);
});

test('a shard that joined after the stack began is looked at as well', async () => {
  await using joined = await openTenant(['users', 'courses', 'progress', 'ai']);
  const { host } = new URL(joined.databaseUrl('progress', 's2'));
  const map = {
    version: 2,
    ranges: [{ from: 0, to: 4095, shard: 's1' }],
    // The database of s2 once more, under the name that the map alone knows.
    members: { s1: null, s3: { primary: host, replicas: [] } },
    residue: [],
  };
  await sql(joined.databaseUrl('progress', 's1'), 'UPDATE shard_map SET version = 2, map = $1', [JSON.stringify(map)]);
  const { code, stdout } = await lyceum(['outbox', 'status'], joined.env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^progress +s3 +0 /m);
});
