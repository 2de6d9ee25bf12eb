/**
 * Workers look after the months of partitioned tables.
 */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually, openTenant, sql, startService } from '@lyceum/testing';
import { expect, onTestFinished, test } from 'vitest';

/** `activity_2026_11`, so many months from now. */
function nameOf(months: number): string {
  const now = new Date();
  const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1)).toISOString().slice(0, 7);
  return `activity_${month.replace('-', '_')}`;
}

async function configWith(policy: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lyceum-workers-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(resolve(import.meta.dirname, '../../config'), folder, { recursive: true });
  await writeFile(join(folder, 'partitions.yaml'), policy);
  return folder;
}

test('workers that start together make the months ahead and detach those past the policy, on every shard', async () => {
  await using tenant = await openTenant(['ai', 'progress']);
  const shards = ['s1', 's2'].map((shard) => tenant.databaseUrl('progress', shard));
  for (const url of shards) {
    await sql(url, `DROP TABLE ${nameOf(2)}`);
    await sql(url, "SELECT ensure_month_partitions('activity', (now() - interval '4 months')::date, 1)");
  }
  const CONFIG_DIR = await configWith('version: 1\ntables: { activity: { keepMonths: 2 } }\n');
  const env = { ...tenant.env, RELAY_DOMAINS: 'ai,progress', CONFIG_DIR };
  const workers = await Promise.all([startService('worker', env), startService('worker', env)]);
  try {
    const partitions = (url: string) =>
      sql(url, "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'activity'::regclass");
    await eventually(async () => {
      for (const url of shards) {
        const names = (await partitions(url)).map(({ name }) => name);
        expect(names).toContain(nameOf(2));
        expect(names).not.toContain(nameOf(-4));
        expect(await sql(url, `SELECT count(*)::int AS rows FROM ${nameOf(-4)}`)).toEqual([{ rows: 0 }]);
      }
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
});
