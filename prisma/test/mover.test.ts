/**
 * Buckets that move to a new shard while learners go on writing and reading.
 */
import { eventually, openTenant, sql, type Tenant } from '@lyceum/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressOf } from '../src/connections/urls.ts';
import { bucketOf, type Database, newId, newIdBeside } from '../src/index.ts';
import { firstMap, type Member, withMoved } from '../src/map/shard-map.ts';
import {
  abortMove,
  beginMove,
  findStrays,
  findUnequalCopies,
  joinShard,
  Lines,
  loadOf,
  lockMap,
  planBalance,
  planMove,
  readMove,
  runMove,
} from '../src/mover/index.ts';
import { clearBuckets } from '../src/mover/replication.ts';
import { openTestDatabase, readShards } from './support.ts';

let tenant: Tenant;
let opened: Awaited<ReturnType<typeof openTestDatabase<'progress'>>>;
let progress: Database<'progress'>;
let lines: Lines;
let s3: string;
let S3: Member;
const learners: Learner[] = [];

beforeAll(async () => {
  tenant = await openTenant(['progress']);
  const { primary, replica } = await tenant.openShard('progress', 's3');
  S3 = { primary: addressOf(primary), replicas: [addressOf(replica)] };
  s3 = primary;
  await sql(s3, 'CREATE EXTENSION pg_stat_statements');
  await sql(s3, `ALTER DATABASE "${new URL(s3).pathname.slice(1)}" SET pg_stat_statements.track_utility = on`);
  opened = await openTestDatabase('progress', tenant.env);
  progress = opened.database;
  lines = new Lines({ env: tenant.env, domain: 'progress', first: firstMap(await readShards(), 'progress') });
});

afterAll(async () => {
  await opened?.close();
  await lines?.close();
  await tenant?.close();
});

interface Learner {
  readonly id: string;
  readonly enrollmentId: string;
  written: number;
}

async function enrol(bucket: number): Promise<Learner> {
  const id = newId(bucket);
  const enrollmentId = newIdBeside(id);
  await progress.session(id).transaction(id, async (tx) => {
    await tx.enrollment.create({ data: { id: enrollmentId, learnerId: id, courseId: newId(0), revision: 0 } });
    await tx.lessonProgress.create({ data: { learnerId: id, lessonId: newId(0), courseId: newId(0) } });
    await tx.activity.create({
      data: { id: newIdBeside(id), learnerId: id, kind: 'ENROLLED', courseId: newId(0), occurredAt: new Date() },
    });
  });
  return { id, enrollmentId, written: 0 };
}

test('a third of the buckets moves to a new shard under writes and reads, and nobody notices', async () => {
  for (let n = 0; n < 200; n += 1) learners.push(await enrol((n * 41) % 4096));
  let writing = true;
  const faults: unknown[] = [];
  const work = async (own: Learner[]) => {
    for (let n = 0; writing; n += 1) {
      const learner = own[n % own.length]!;
      try {
        const session = progress.session(learner.id);
        await session.transaction(learner.id, (tx) =>
          tx.enrollment.update({ where: { id: learner.enrollmentId }, data: { revision: { increment: 1 } } }),
        );
        learner.written += 1;
        const client = await progress.session(learner.id).read(learner.id);
        const seen = await client.enrollment.findUnique({ where: { id: learner.enrollmentId } });
        if (seen?.revision !== learner.written) faults.push({ wrote: learner.written, read: seen?.revision });
        const rows = await progress.session(learner.id).everyShard(
          (every, place) =>
            every.$queryRaw<{ count: number }[]>`
            SELECT count(*)::int AS count FROM enrollment WHERE id = ANY(${learners.map((l) => l.enrollmentId)}::uuid[]) ${place.owned('id')}`,
        );
        const count = rows.flat().reduce((sum, row) => sum + row.count, 0);
        if (count !== learners.length) faults.push({ count });
      } catch (error) {
        faults.push(error);
      }
    }
  };
  const workers = Array.from({ length: 4 }, (_, n) => work(learners.filter((_, m) => m % 4 === n)));

  await lines.refresh();
  const lock = await lockMap(lines);
  await joinShard(lines, 's3', S3);
  const move = await beginMove(lines, planBalance(lines.map, ['s1', 's2', 's3']));
  const steps = new Set<string>();
  const result = await runMove(move, {
    lines,
    lock,
    graceMs: 2_500,
    chunk: 128,
    onProgress: ({ step }) => steps.add(step),
  });
  writing = false;
  await Promise.all(workers);
  await lock.release();

  expect(faults).toEqual([]);
  expect([...steps]).toEqual(['announce', 'copy', 'hand over', 'clear']);
  expect(result).toMatchObject({ buckets: 1365, rows: result.cleared });
  expect(result.longestFreezeMs).toBeLessThan(1_000);
  expect(lines.map.residue).toEqual([]);
  await expectEveryRowInPlace();
  const remembered = 'SELECT FROM pg_stat_statements WHERE query ILIKE $1';
  expect(await sql(s3, remembered, ['drop subscription lyceum_move%'])).not.toEqual([]);
  expect(await sql(s3, remembered, ['create subscription lyceum_move%']), 'what holds a password').toEqual([]);
});

test('a move that is aborted half-way keeps what was handed over and leaves nothing else behind', async () => {
  const lock = await lockMap(lines);
  try {
    await lines.refresh();
    const before = loadOf(lines.map);
    const move = await beginMove(lines, planMove(lines.map, { from: 0, to: 511 }, 's2'));
    const options = { lines, lock, graceMs: 1_500, chunk: 128 };
    const stopped = runMove(move, {
      ...options,
      onProgress: ({ step, done }) => {
        if (step === 'hand over' && done === 256) throw new Error('stopped');
      },
    });
    await expect(stopped).rejects.toThrow('stopped');
    await expect(beginMove(lines, move.transfers)).rejects.toThrow(/lyceum shards resume/);
    await abortMove((await readMove(lines))!, { ...options, onProgress: () => {} });
    expect(loadOf(lines.map).get('s2')).toBe(before.get('s2')! + 256);
    expect(lines.map.residue).toEqual([]);
    expect(await readMove(lines)).toBeNull();
    expect([await findStrays(lines), await findUnequalCopies(lines)]).toEqual([[], []]);
  } finally {
    await lock.release();
  }
  await expectEveryRowInPlace();
  for (const { id, enrollmentId, written } of learners) {
    const client = await progress.session(id).read(id, 'primary');
    const seen = await client.enrollment.findUnique({ where: { id: enrollmentId } });
    expect(seen?.revision).toBe(written);
  }
});

/** Buckets that s1 serves, some learners' among them. */
function someOfS1() {
  const { from } = lines.map.ranges.find(({ shard }) => shard === 's1')!;
  return { from, to: from + 127 };
}

test('a mover that was killed between its subscription and its slots leaves no slot behind once the move is ended', async () => {
  const [source, target] = [tenant.databaseUrl('progress', 's1'), tenant.databaseUrl('progress', 's2')];
  const slots = () => sql(source, 'SELECT FROM pg_replication_slots WHERE database = current_database()');
  // Keeps the copying of enrolments from ending.
  const holder = new pg.Client({ connectionString: target });
  await holder.connect();
  await holder.query('SELECT pg_advisory_lock(4712)');
  await sql(
    target,
    `CREATE FUNCTION hold_copy() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN PERFORM pg_advisory_xact_lock(4712); RETURN NEW; END $$`,
  );
  await sql(target, 'CREATE TRIGGER hold_copy BEFORE INSERT ON enrollment FOR EACH ROW EXECUTE FUNCTION hold_copy()');
  await sql(target, 'ALTER TABLE enrollment ENABLE REPLICA TRIGGER hold_copy');
  const lock = await lockMap(lines);
  try {
    await lines.refresh();
    const before = loadOf(lines.map);
    const move = await beginMove(lines, planMove(lines.map, someOfS1(), 's2'));
    const isHeld = async () =>
      (await sql(target, "SELECT FROM pg_stat_activity WHERE backend_type ~ 'tablesync' AND wait_event = 'advisory'"))
        .length > 0;
    const options = { lines, lock, graceMs: 1_500, onProgress: () => {} };
    let killed = false;
    const running = runMove(move, {
      ...options,
      onProgress: () => {
        if (killed) throw new Error('killed');
      },
    });
    const outcome = running.catch((error: Error) => error.message);
    await eventually(isHeld);
    killed = true;
    expect(await outcome).toBe('killed');
    const [subscription] = await sql<{ name: string }>(
      target,
      `SELECT subname AS name FROM pg_subscription
       WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    // As far as the mover came, while the target did not reach its source.
    const unreachable = "ALTER … CONNECTION 'host=127.0.0.1 port=9'";
    for (const step of ['ALTER … DISABLE', unreachable, 'ALTER … SET (slot_name = NONE)', 'DROP …']) {
      await sql(target, step.replace('…', `SUBSCRIPTION ${subscription!.name}`));
    }
    expect((await slots()).length).toBeGreaterThan(1);

    await abortMove((await readMove(lines))!, options);
    expect(await slots()).toEqual([]);
    expect(loadOf(lines.map)).toEqual(before);
    expect(await findStrays(lines)).toEqual([]);
  } finally {
    await lock.release();
    await holder.end();
    await sql(target, 'DROP FUNCTION hold_copy CASCADE');
  }
  await expectEveryRowInPlace();
});

test("rows that count by a database's own map are not cleared from it, whatever the mover believes", async () => {
  const map = await lines.refresh();
  const buckets = someOfS1();
  lines.use({ ...map, ranges: withMoved(map.ranges, buckets, 's2'), residue: [{ ...buckets, shard: 's1' }] });
  try {
    await expect(clearBuckets(lines, 's1', buckets)).rejects.toThrow(/s1, which serves some of them/);
  } finally {
    lines.use(map);
  }
  await expectEveryRowInPlace();
});

async function expectEveryRowInPlace(): Promise<void> {
  for (const table of ['enrollment', 'lesson_progress', 'activity']) {
    const ids: { id: string; shard: string }[] = [];
    for (const shard of ['s1', 's2', 's3']) {
      const column = table === 'lesson_progress' ? 'learner_id' : 'id';
      const rows = await sql<{ id: string }>(
        tenant.env[`DATABASE_URL_PROGRESS_${shard.toUpperCase()}`]!,
        `SELECT ${column} AS id FROM ${table}`,
      );
      ids.push(...rows.map(({ id }) => ({ id, shard })));
    }
    expect(ids).toHaveLength(learners.length);
    for (const { id, shard } of ids) expect(lines.map.ranges.find(serves(bucketOf(id)))?.shard).toBe(shard);
  }
}

function serves(bucket: number) {
  return ({ from, to }: { from: number; to: number }) => from <= bucket && bucket <= to;
}
