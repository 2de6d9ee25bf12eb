/**
 * Which months a page of activity looks into, by the plan of the very statement that the repository sends.
 */
import { newId, newIdBeside, openDatabase, ShardsPolicy } from '@lyceum/database';
import { createLogger, createRedisKeys, openPolicy } from '@lyceum/service-kit';
import { openTenant, sql } from '@lyceum/testing';
import { expect, it, onTestFinished } from 'vitest';
import { createActivityRepository } from '../src/activity/activity.repository.ts';
import { readConfig } from '../src/config.ts';

it('a page that goes on from a day looks into no month after that day', async () => {
  const tenant = await openTenant(['progress']);
  onTestFinished(() => tenant.close());
  const url = tenant.databaseUrl('progress', 's1');
  await sql(url, 'CREATE EXTENSION pg_stat_statements');
  await sql(url, "SELECT ensure_month_partitions('activity', '2026-01-01', 12)");
  const { env, source } = readConfig(tenant.env);
  const log = createLogger('progress', { level: 'silent' });
  const shards = await openPolicy(`${env.CONFIG_DIR}/shards.yaml`, ShardsPolicy, { log, watch: false });
  const keys = createRedisKeys(tenant.id);
  const database = await openDatabase('progress', { env: source, shards, redis: null, keys, log });
  try {
    const learnerId = newId(11);
    const session = database.session(learnerId);
    const activity = createActivityRepository(session);
    const days = ['2026-03-10', '2026-04-10', '2026-05-10'].map((day) => new Date(day));
    for (const occurredAt of days) {
      const done = { kind: 'ENROLLED', courseId: newId(7), lessonId: null, occurredAt } as const;
      await session.transaction(learnerId, (tx) => activity.add(tx, learnerId, done));
    }
    const after = { id: newIdBeside(learnerId), occurredAt: new Date('2026-04-20') };
    const page = await activity.page(learnerId, 20, after);
    expect(page.map(({ occurredAt }) => occurredAt)).toEqual([days[1], days[0]]);

    const months = await monthsOf(url, [learnerId, '2026-04-20', '2026-04-20', after.id, '20', '0']);
    expect(months).toContain('activity_2026_04');
    expect(months.filter((name) => /^activity_\d{4}/.test(name) && name > 'activity_2026_04')).toEqual([]);
  } finally {
    await database.close();
  }
});

/** The partitions in the plan of the one statement that has read activity, with these values for its parameters. */
async function monthsOf(url: string, values: readonly string[]): Promise<string[]> {
  const [seen] = await sql<{ query: string }>(
    url,
    `SELECT query FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid
     WHERE datname = current_database() AND query LIKE 'SELECT%FROM "public"."activity"%'`,
  );
  const query = seen!.query.replaceAll(/\$(\d+)/g, (_, position) => `'${values[position - 1]}'`);
  const plan = JSON.stringify(await sql(url, `EXPLAIN (FORMAT JSON) ${query}`));
  return [...plan.matchAll(/"Relation Name":"(\w+)"/g)].map(([, name]) => name!);
}
