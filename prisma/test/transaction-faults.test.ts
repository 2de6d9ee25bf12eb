/**
 * What can go wrong within a transaction, and that nothing is half written, said wrongly, or kept afterwards.
 */
import { type CuttableLine, cuttable, eventually, openTenant, sql, type Tenant } from '@lyceum/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sqlStateOf } from '../src/connections/faults.ts';
import { internalsOf } from '../src/database.ts';
import { type Database, DatabasePolicy, newId, newIdBeside, type Tx } from '../src/index.ts';
import { openTestDatabase } from './support.ts';

const BUCKET = 7;
const CONNECTIONS = 2;
const TIMEOUT_MS = 1_500;
/** An enrolment of this revision is not committed while somebody holds the lock. */
const SLOW = 77;
const SLOW_LOCK = 4_711;

let tenant: Tenant;
/** The primary of s1, past the line. */
let url: string;
let line: CuttableLine;
let opened: Awaited<ReturnType<typeof openTestDatabase<'progress'>>>;
let progress: Database<'progress'>;

beforeAll(async () => {
  tenant = await openTenant(['progress']);
  url = tenant.databaseUrl('progress', 's1');
  line = await cuttable(url);
  const pools = DatabasePolicy.parse({ pools: { write: { max: CONNECTIONS, timeoutMs: TIMEOUT_MS } } });
  const env = { ...tenant.env, DATABASE_URL_PROGRESS_S1: line.url };
  opened = await openTestDatabase('progress', env, { pools });
  progress = opened.database;
  await sql(
    url,
    `CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN PERFORM pg_advisory_xact_lock(${SLOW_LOCK}); RETURN NULL; END $$`,
  );
  await sql(
    url,
    `CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT ON enrollment DEFERRABLE INITIALLY DEFERRED
     FOR EACH ROW WHEN (NEW.revision = ${SLOW}) EXECUTE FUNCTION wait_at_commit()`,
  );
});

afterAll(async () => {
  await opened?.close();
  await line?.[Symbol.asyncDispose]();
  await tenant?.close();
});

/** Whatever happened: all connections are free, and as many callers as there are connections are served at once. */
afterEach(async () => {
  line.letGo();
  const pool = poolNow();
  await eventually(() => {
    expect({ lent: pool.totalCount - pool.idleCount, waiting: pool.waitingCount }).toEqual({ lent: 0, waiting: 0 });
    expect(pool.totalCount).toBeLessThanOrEqual(CONNECTIONS);
  });
  const id = newId(BUCKET);
  const served = Array.from({ length: CONNECTIONS + 1 }, () => write(id, (tx) => tx.$queryRaw`SELECT 1 AS one`));
  expect(await Promise.all(served)).toEqual(Array(CONNECTIONS + 1).fill([{ one: 1 }]));
  await eventually(async () => expect(await backends("state <> 'idle'")).toEqual([]));
});

const poolNow = () => internalsOf(progress).router.shardOf(BUCKET).primary.pool('write');
const write = <T>(id: string, work: (tx: Tx<'progress'>) => Promise<T>) => progress.session(id).transaction(id, work);
const failureOf = (outcome: Promise<unknown>) => outcome.then(() => expect.fail('it was committed'), thrown);
const thrown = (error: unknown) => error as Error & { code?: string; details?: { outcome?: string } };
const insert = (tx: Tx<'progress'>, learnerId: string, revision = 0) =>
  tx.$executeRaw`INSERT INTO enrollment (id, learner_id, course_id, revision, updated_at)
    VALUES (${newIdBeside(learnerId)}::uuid, ${learnerId}::uuid, ${newId(0)}::uuid, ${revision}, now())`;
const create = (tx: Tx<'progress'>, learnerId: string) =>
  tx.enrollment.create({ data: { id: newIdBeside(learnerId), learnerId, courseId: newId(0), revision: 0 } });
const written = async (learnerId: string) =>
  (await sql(url, 'SELECT FROM enrollment WHERE learner_id = $1', [learnerId])).length;
const pidOf = async (tx: Tx<'progress'>) =>
  (await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`)[0]!.pid;
const terminate = (pid: number) => sql(url, 'SELECT pg_terminate_backend($1, 5000)', [pid]);

/** Connections of the pool, as the server sees them. */
async function backends(condition: string): Promise<number[]> {
  const rows = await sql<{ pid: number }>(
    url,
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'lyceum-progress-write' AND ${condition}`,
  );
  return rows.map(({ pid }) => pid);
}

const untilThereIs = (condition: string) =>
  eventually(async () => {
    const [pid] = await backends(condition);
    return pid ?? expect.fail(`no connection with ${condition}`);
  });

/** Holds every COMMIT of an enrolment of the revision SLOW back until it is let go. */
async function holdCommits() {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('SELECT pg_advisory_lock($1)', [SLOW_LOCK]);
  const reached = () => untilThereIs("wait_event_type = 'Lock' AND query ~ 'COMMIT'");
  return { reached, [Symbol.asyncDispose]: () => client.end() };
}

test('refused by the fence with statements under way already, nothing is written, and the work runs once more when the database knows the map', async () => {
  const id = newId(BUCKET);
  const { router } = internalsOf(progress);
  const { version } = router.map;
  let runs = 0;
  await sql(url, 'UPDATE shard_map SET version = 0');
  const counts = await write(id, async (tx) => {
    runs += 1;
    await Promise.all([insert(tx, id), insert(tx, id)]);
    return tx.enrollment.count({ where: { learnerId: id } });
  });
  expect({ runs, counts, written: await written(id) }).toEqual({ runs: 2, counts: 2, written: 2 });
  expect(await sql(url, 'SELECT version FROM shard_map')).toEqual([{ version }]);
});

test('a statement that takes too long is TIMED_OUT, and what came before and after it is rolled back', async () => {
  const id = newId(BUCKET);
  const failure = await failureOf(
    write(id, (tx) => Promise.all([insert(tx, id), tx.$queryRaw`SELECT pg_sleep(30)::text`, insert(tx, id)])),
  );
  expect(failure).toMatchObject({ code: 'TIMED_OUT', details: { outcome: 'rolled_back' } });
  expect(sqlStateOf(failure)).toBe('57014');
  expect(await written(id)).toBe(0);
});

test("so is one of Prisma's that takes too long", async () => {
  const id = newId(BUCKET);
  const enrolled = await write(id, (tx) => create(tx, id));
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('UPDATE enrollment SET revision = 5 WHERE id = $1', [enrolled.id]);
  const failure = await failureOf(
    write(id, (tx) => tx.enrollment.update({ where: { id: enrolled.id }, data: { revision: 6 } })),
  );
  await holder.end();
  expect(failure).toMatchObject({ code: 'TIMED_OUT', details: { outcome: 'rolled_back' } });
});

test('a server process that ends in the middle of the work rolls everything back, and the error says so', async () => {
  const id = newId(BUCKET);
  const failure = await failureOf(
    write(id, async (tx) => {
      await insert(tx, id);
      const slow = tx.$queryRaw`SELECT pg_sleep(30)::text`;
      await terminate(await untilThereIs("wait_event = 'PgSleep'"));
      return slow;
    }),
  );
  expect(failure).toMatchObject({ code: 'SERVICE_UNAVAILABLE', details: { outcome: 'rolled_back' } });
  expect(await written(id)).toBe(0);
});

test('a server process that ends while the work does other things rolls everything back, even if no statement fails', async () => {
  const id = newId(BUCKET);
  const failure = await failureOf(
    write(id, async (tx) => {
      await insert(tx, id);
      await create(tx, id);
      await terminate(await pidOf(tx));
    }),
  );
  // Whether the end was heard of before COMMIT was sent is a matter of luck.
  expect(failure).toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    details: { outcome: expect.stringMatching(/^(rolled_back|unknown)$/) },
  });
  expect(await written(id)).toBe(0);
});

test('a server process that ends before it has committed leaves nothing, and the error does not claim to know', async () => {
  const id = newId(BUCKET);
  await using commits = await holdCommits();
  const outcome = failureOf(write(id, (tx) => insert(tx, id, SLOW)));
  await terminate(await commits.reached());
  expect(await outcome).toMatchObject({ code: 'SERVICE_UNAVAILABLE', details: { outcome: 'unknown' } });
  expect(await written(id)).toBe(0);
});

test('a connection that breaks while the server commits is no proof that nothing was written, and the error says so', async () => {
  const id = newId(BUCKET);
  const commits = await holdCommits();
  const outcome = failureOf(write(id, (tx) => insert(tx, id, SLOW)));
  await commits.reached();
  await line.cut();
  await line.mend();
  expect(await outcome).toMatchObject({ code: 'SERVICE_UNAVAILABLE', details: { outcome: 'unknown' } });
  await commits[Symbol.asyncDispose]();
  await eventually(async () => expect(await written(id)).toBe(1));
});

test('a server that falls silent at COMMIT is given up in bounded time, with an outcome that is unknown', async () => {
  const id = newId(BUCKET);
  const begun = performance.now();
  const failure = await failureOf(
    write(id, async (tx) => {
      await insert(tx, id);
      line.hold();
    }),
  );
  expect(performance.now() - begun).toBeLessThan(TIMEOUT_MS + 5_000);
  expect(failure).toMatchObject({ code: 'SERVICE_UNAVAILABLE', details: { outcome: 'unknown' } });
  line.letGo();
  expect(await written(id)).toBe(0);
});

test('a server that falls silent in the middle of the work is TIMED_OUT', async () => {
  const id = newId(BUCKET);
  for (const statement of [insert, create]) {
    const failure = await failureOf(
      write(id, async (tx) => {
        await insert(tx, id);
        line.hold();
        await statement(tx, id);
      }),
    );
    line.letGo();
    expect(failure).toMatchObject({ code: 'TIMED_OUT', details: { outcome: 'rolled_back' } });
  }
  expect(await written(id)).toBe(0);
});

test('a connection that cannot even roll back is ended at once', async () => {
  const id = newId(BUCKET);
  const pool = poolNow();
  const removed = new Promise((resolve) => pool.once('remove', resolve));
  const failure = await failureOf(
    write(id, async (tx) => {
      await insert(tx, id);
      line.hold();
      throw new Error('of the work');
    }),
  );
  expect(failure.message).toBe('of the work');
  const begun = performance.now();
  await removed;
  expect(performance.now() - begun).toBeLessThan(500);
  await eventually(async () => expect(await backends("state = 'idle in transaction'")).toEqual([]), {
    timeoutMs: 1_000,
  });
});

test('a transaction of which the work caught a failure is not committed, and says why', async () => {
  const id = newId(BUCKET);
  const twice = newIdBeside(id);
  const data = { id: twice, learnerId: id, courseId: newId(0), revision: 0 };
  const failure = await failureOf(
    write(id, async (tx) => {
      await tx.enrollment.create({ data });
      await tx.enrollment.create({ data }).catch(() => {});
    }),
  );
  expect(failure.message).toMatch(/was rolled back/);
  expect(sqlStateOf(failure)).toBe('23505');
  expect(await written(id)).toBe(0);
});

test('work that throws with a statement under way is rolled back, and nobody gets its connection before the answers are in', async () => {
  const id = newId(BUCKET);
  let pid = 0;
  let answered = false;
  const answeredAtRelease: boolean[] = [];
  const note = (_: unknown, client: object) => {
    if ((client as { processID?: number }).processID === pid) answeredAtRelease.push(answered);
  };
  const pool = poolNow().on('release', note);
  const failing = failureOf(
    write(id, async (tx) => {
      pid = await pidOf(tx);
      void insert(tx, id);
      void tx.$queryRaw`SELECT pg_sleep(0.5)::text`.then(() => {
        answered = true;
      });
      void create(tx, id);
      throw new Error('of the work');
    }),
  );
  await Promise.all(Array.from({ length: 8 }, () => write(newId(BUCKET), pidOf)));
  expect((await failing).message).toBe('of the work');
  pool.off('release', note);
  expect(answeredAtRelease[0]).toBe(true);
  expect(await written(id)).toBe(0);
});

test('work that fails where nobody waits for its statements fails its transaction, not the process', async () => {
  const id = newId(BUCKET);
  const failure = await failureOf(
    write(id, async (tx) => {
      void tx.$queryRaw`SELECT 1 / 0 AS nothing`;
      void create(tx, id);
    }),
  );
  expect(sqlStateOf(failure)).toBe('22012');
  expect(await written(id)).toBe(0);
});

test('what nobody waits for is written with its transaction', async () => {
  const id = newId(BUCKET);
  await write(id, async (tx) => {
    void insert(tx, id);
    void create(tx, id);
  });
  expect(await written(id)).toBe(2);
});

test("Prisma's models and raw SQL of one transaction see each other's writes, and are rolled back together", async () => {
  const id = newId(BUCKET);
  const work = async (tx: Tx<'progress'>) => {
    await insert(tx, id);
    expect(await tx.enrollment.count({ where: { learnerId: id } })).toBe(1);
    await create(tx, id);
    expect(await tx.$queryRaw`SELECT count(*)::int AS count FROM enrollment WHERE learner_id = ${id}::uuid`).toEqual([
      { count: 2 },
    ]);
    expect(await written(id)).toBe(0);
  };
  const failure = await failureOf(
    write(id, async (tx) => {
      await work(tx);
      throw new Error('of the work');
    }),
  );
  expect(failure.message).toBe('of the work');
  expect(await written(id)).toBe(0);
  await write(id, work);
  expect(await written(id)).toBe(2);
});
