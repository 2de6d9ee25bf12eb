/**
 * Behind PgBouncer in transaction mode: few connections to each server, shared by many clients.
 */
import { join } from 'node:path';
import { RunAiJob } from '@lyceum/contracts';
import { findOrInstallPgBouncer, type PgBouncer, startPgBouncer } from '@lyceum/local-stack';
import { eventually, openTenant, sql, stackCoordinates, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqlStateOf } from '../src/connections/faults.ts';
import { type Database, DatabasePolicy, newId, openOutboxReader, poolerOf, readDatabaseUrls } from '../src/index.ts';
import { log, openTestDatabase, whileReplayIsPaused } from './support.ts';

/** To each database of a server. */
const SERVER_CONNECTIONS = 3;
const TIMEOUT_MS = 400;

const found = await findOrInstallPgBouncer().catch((error: Error) => error);
if (found instanceof Error) console.warn(`Skipped, as there is no PgBouncer here. ${found.message}`);
const carriesNames = !(found instanceof Error) && found.version >= 1.21;

/** Debian 12 has PgBouncer 1.18, which cannot carry named statements. */
const modes = [{ namedStatements: false }, ...(carriesNames ? [{ namedStatements: true }] : [])];

describe.skipIf(found instanceof Error).each(modes)(
  'with named statements: $namedStatements',
  ({ namedStatements }) => {
    let tenant: Tenant;
    let env: Record<string, string>;
    const poolers: PgBouncer[] = [];
    const opened: Awaited<ReturnType<typeof openTestDatabase<'users'>>>[] = [];
    let users: Database<'users'>;

    const policy = (given: object = {}) => DatabasePolicy.parse({ pooler: true, namedStatements, ...given });
    const open = async (given?: object) => {
      const database = await openTestDatabase('users', env, { pools: policy(given) });
      opened.push(database);
      return database.database;
    };
    const account = (id: string, displayName = 'before') => ({ id, email: `${id}@example.org`, displayName });
    const signUp = (id: string) => users.session(id).transaction(id, (tx) => tx.user.create({ data: account(id) }));
    const rename = (id: string, displayName: string) =>
      users.session(id).transaction(id, (tx) => tx.user.update({ where: { id }, data: { displayName } }));
    const nameSeen = async (id: string, database = users) => {
      const client = await database.session(id).read(id);
      return (await client.user.findUnique({ where: { id } }))?.displayName;
    };
    /** Of the tenant's database on the primary of s1, this one aside. */
    const connections = async (condition = 'true') => {
      const [row] = await sql<{ count: number }>(
        tenant.databaseUrl('users', 's1'),
        `SELECT count(*)::int AS count FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`,
      );
      return row!.count;
    };

    beforeAll(async () => {
      tenant = await openTenant(['users']);
      const { directory } = stackCoordinates();
      env = { ...tenant.env };
      for (const shard of ['s1', 's2']) {
        for (const role of ['primary', 'replica'] as const) {
          const serverUrl = tenant.databaseUrl('users', shard, role);
          const pooler = await startPgBouncer({
            directory: join(directory, `pgbouncer-${tenant.id}-${shard}-${role}`),
            serverUrl,
            poolSize: SERVER_CONNECTIONS,
            ...(namedStatements && { preparedStatements: 200 }),
          });
          poolers.push(pooler);
          const [name, direct] =
            role === 'primary'
              ? ['DATABASE_URL', 'DATABASE_DIRECT_URL']
              : ['DATABASE_REPLICA_URLS', 'DATABASE_DIRECT_REPLICA_URLS'];
          const suffix = `USERS_${shard.toUpperCase()}`;
          env[`${name}_${suffix}`] = pooler.through(serverUrl);
          env[`${direct}_${suffix}`] = serverUrl;
        }
      }
      users = await open();
    });

    afterAll(async () => {
      await Promise.all(opened.map(({ close }) => close()));
      await Promise.all(poolers.map((pooler) => pooler.stop()));
      await tenant?.close();
    });

    test('who writes reads what was written, while replicas show what was before', async () => {
      const ids = [newId(7), newId(4_000)];
      await Promise.all(ids.map(signUp));
      await tenant.replicasCaughtUp();
      const before = await opened[0]!.reads('replica');
      const stranger = await users.session(newId(8)).read(ids[0]!);
      expect(await stranger.user.count({ where: { id: ids[0]! } })).toBe(1);
      expect(await opened[0]!.reads('replica')).toBe(before + 1);
      await whileReplayIsPaused(async () => {
        for (const id of ids) {
          await rename(id, 'after');
          expect(await nameSeen(id)).toBe('after');
        }
      });
    });

    test('of many who claim a value one has it, and its entity is written once', async () => {
      const ids = Array.from({ length: 8 }, (_, index) => newId(index * 500));
      const email = `wanted-${namedStatements}@example.org`;
      const outcomes = await Promise.all(
        ids.map((ownerId) =>
          users.directory.withClaims(users.session(ownerId), { ownerId, values: { email } }, (tx) =>
            tx.user.create({ data: { ...account(ownerId), email } }),
          ),
        ),
      );
      expect(outcomes.filter((outcome) => 'written' in outcome)).toHaveLength(1);
    });

    test('many more clients than connections are all served', async () => {
      const others = await Promise.all([open(), open(), open()]);
      const databases = [users, ...others];
      const ids = Array.from({ length: 200 }, () => newId(Math.floor(Math.random() * 2_048)));
      let most = 0;
      let working = true;
      const watching = (async () => {
        while (working) most = Math.max(most, await connections("backend_type = 'client backend'"));
      })();
      await Promise.all(
        ids.map(async (id, index) => {
          const database = databases[index % databases.length]!;
          await database.session(id).transaction(id, (tx) => tx.user.create({ data: account(id) }));
          await database.session(id).transaction(id, (tx) => tx.user.update({ where: { id }, data: account(id, 'x') }));
          expect(await nameSeen(id, database)).toBe('x');
        }),
      );
      working = false;
      await watching;
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(SERVER_CONNECTIONS);
    });

    test('statements have names only where the pooler carries them', async () => {
      const pooled = env.DATABASE_URL_USERS_S1!;
      const [row] = await sql<{ count: number }>(pooled, 'SELECT count(*)::int AS count FROM pg_prepared_statements');
      expect(row!.count > 0).toBe(namedStatements);
    });

    test('a writer with an older shard map is refused, and writes by the newer one', async () => {
      const id = newId(9);
      for (const shard of ['s1', 's2']) {
        await sql(
          tenant.databaseUrl('users', shard),
          `UPDATE shard_map SET version = version + 1, map = jsonb_set(map, '{version}', to_jsonb(version + 1))`,
        );
      }
      await signUp(id);
      expect(await nameSeen(id)).toBe('before');
    });

    test('a statement of a transaction is ended after the time of its pool', async () => {
      const strict = await open({ pools: { write: { timeoutMs: TIMEOUT_MS } } });
      const id = newId(10);
      const slow = strict.session(id).transaction(id, (tx) => tx.$queryRaw`SELECT pg_sleep(30)::text`);
      expect(await slow.catch(sqlStateOf)).toBe('57014');
      expect(await connections("query LIKE '%pg_sleep%' AND state = 'active'")).toBe(0);
      expect(await strict.session(id).transaction(id, async () => 'next')).toBe('next');
    });

    test('a transaction that idles is ended, and its connection serves others', async () => {
      const strict = await open({ pools: { write: { timeoutMs: TIMEOUT_MS } } });
      const id = newId(11);
      const begun = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      const idling = strict.session(id).transaction(id, async (tx) => {
        await tx.user.create({ data: account(id) });
        begun.resolve();
        await release.promise;
        return tx.user.findUnique({ where: { id } });
      });
      const outcome = idling.then(
        () => 'committed',
        () => 'failed',
      );
      await begun.promise;
      expect(await connections("state = 'idle in transaction'")).toBe(1);
      await eventually(async () => (await connections("state = 'idle in transaction'")) === 0);
      release.resolve();
      expect(await outcome).toBe('failed');
      expect(await nameSeen(id)).toBeUndefined();
      expect(await strict.session(id).transaction(id, async () => 'next')).toBe('next');
    });

    test('a relay hears of commits past the pooler, and drains through it', async () => {
      const reader = openOutboxReader({
        domain: 'users',
        urls: readDatabaseUrls(env, 'users', ['s1', 's2']),
        pooler: poolerOf(policy()),
        log,
      });
      try {
        const woken: string[] = [];
        reader.listen((shard) => void woken.push(shard));
        await eventually(() => woken.length >= 2);
        woken.length = 0;
        const id = newId(12);
        await users.session(id).transaction(id, (tx) => tx.outbox.enqueue(RunAiJob, { jobId: id }));
        await eventually(() => woken.includes('s1'));
        const sent: string[] = [];
        await reader.drain('s1', async (rows) => {
          sent.push(...rows.map(({ key }) => key));
          return { sent: rows.map((row) => row.id), refused: [] };
        });
        expect(sent).toEqual([id]);
        expect((await reader.backlog('s1')).waiting).toBe(0);
      } finally {
        await reader.close();
      }
    });
  },
);
