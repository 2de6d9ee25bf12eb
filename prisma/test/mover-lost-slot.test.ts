/**
 * A source that gives up what the target of a move has yet to get, because it was away for too long.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalPostgres, startPostgres } from '@lyceum/local-stack';
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseName, migrate, newId, newIdBeside } from '../src/index.ts';
import { firstMap } from '../src/map/shard-map.ts';
import { beginMove, findStrays, Lines, lockMap, planMove, readMove, runMove } from '../src/mover/index.ts';
import { assertFollows } from '../src/mover/replication.ts';
import { readShards } from './support.ts';

const BUCKETS = { from: 0, to: 63 };

let folder: string;
let postgres: LocalPostgres;
let lines: Lines;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lyceum-lost-slot-test-'));
  const database = databaseName('progress');
  const shards = ['s1', 's2'];
  postgres = await startPostgres({ directory: folder, shards, databases: [database], durability: 'fast', replicas: 0 });
  const urls = Object.fromEntries(shards.map((name) => [name, postgres.shard(name).primary.url(database)]));
  await migrate({ domain: 'progress', urls });
  const env = Object.fromEntries(
    shards.map((name) => [`DATABASE_URL_PROGRESS_${name.toUpperCase()}`, urls[name]!] as const),
  );
  lines = new Lines({ env, domain: 'progress', first: firstMap(await readShards(), 'progress') });
});

afterAll(async () => {
  await lines?.close();
  await postgres?.stop('immediate');
  await rm(folder, { recursive: true, force: true });
});

async function enrol(): Promise<void> {
  const learnerId = newId(BUCKETS.from);
  await lines
    .pool('s1')
    .query('INSERT INTO enrollment (id, learner_id, course_id, revision, updated_at) VALUES ($1, $2, $3, 0, now())', [
      newIdBeside(learnerId),
      learnerId,
      newId(0),
    ]);
}

test('a move whose source has given up its slot says so with the remedy, and begins anew when it is resumed', async () => {
  const [source, target] = [lines.pool('s1'), lines.pool('s2')];
  const lock = await lockMap(lines);
  const options = { lines, lock, graceMs: 10 };
  await enrol();
  const move = await beginMove(lines, planMove(lines.map, BUCKETS, 's2'));
  const leg = { moveId: move.id, source: 's1', target: 's2', ranges: [BUCKETS] };
  const stopped = runMove(move, {
    ...options,
    onProgress: ({ step }) => {
      if (step === 'hand over') throw new Error('stopped');
    },
  });
  await expect(stopped).rejects.toThrow('stopped');
  await assertFollows(lines, leg);

  const [subscription] = (await target.query<{ subname: string }>('SELECT subname FROM pg_subscription')).rows;
  await target.query(`ALTER SUBSCRIPTION ${subscription!.subname} DISABLE`);
  await eventually(async () => {
    const { rows } = await source.query('SELECT FROM pg_replication_slots WHERE active');
    return rows.length === 0;
  });
  // The target never gets this one.
  await enrol();
  await source.query("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'");
  await source.query('SELECT pg_reload_conf()');
  await eventually(async () => {
    await source.query("SELECT pg_logical_emit_message(false, 'test', 'filler')");
    await source.query('SELECT pg_switch_wal()');
    await source.query('CHECKPOINT');
    const { rows } = await source.query("SELECT FROM pg_replication_slots WHERE wal_status = 'lost'");
    return rows.length === 1;
  });
  await expect(assertFollows(lines, leg)).rejects.toThrow(
    /Raise max_slot_wal_keep_size of s1 and run the command again/,
  );

  await runMove((await readMove(lines))!, { ...options, onProgress: () => {} });
  await lock.release();
  expect((await target.query('SELECT FROM enrollment')).rows).toHaveLength(2);
  expect((await source.query('SELECT FROM enrollment')).rows).toHaveLength(0);
  expect((await source.query('SELECT FROM pg_replication_slots')).rows).toHaveLength(0);
  expect(await findStrays(lines)).toEqual([]);
});
