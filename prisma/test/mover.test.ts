/**
 * Buckets that move to a new shard while learners go on writing and reading.
 */
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressOf } from '../src/connections/urls.ts';
import { bucketOf, type Database, newId, newIdBeside } from '../src/index.ts';
import { firstMap, type Member } from '../src/map/shard-map.ts';
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
import { openTestDatabase, readShards } from './support.ts';

let tenant: Tenant;
let opened: Awaited<ReturnType<typeof openTestDatabase<'progress'>>>;
let progress: Database<'progress'>;
let lines: Lines;
let S3: Member;
const learners: Learner[] = [];

beforeAll(async () => {
  tenant = await openTenant(['progress']);
  const { primary, replica } = await tenant.openShard('progress', 's3');
  S3 = { primary: addressOf(primary), replicas: [addressOf(replica)] };
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
