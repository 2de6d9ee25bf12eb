/**
 * Every table of the databases says where its rows lie, so that a move of buckets takes them along.
 */
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DOMAINS } from '../src/index.ts';
import { bucketExpression, PLACEMENTS } from '../src/map/placement.ts';

let tenant: Tenant;

beforeAll(async () => {
  tenant = await openTenant(DOMAINS);
});
afterAll(() => tenant?.close());

test.for(DOMAINS)('every table of %s is placed, and nothing else', async (domain) => {
  const rows = await sql<{ name: string }>(
    tenant.databaseUrl(domain, 's1'),
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
  );
  expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(PLACEMENTS[domain]).sort());
});

test.for(DOMAINS)('the rows of %s can be filtered by bucket as they are replicated', async (domain) => {
  const url = tenant.databaseUrl(domain, 's1');
  for (const [table, placement] of Object.entries(PLACEMENTS[domain])) {
    if (placement.by !== 'id' && placement.by !== 'bucket') continue;
    // Postgres refuses a filter by what is not sent with old rows, but only when a row is changed.
    const [row] = await sql<{ sent: boolean }>(
      url,
      `SELECT c.relreplident = 'f' OR a.attnum = ANY(i.indkey) AS sent
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $2
         JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
       WHERE c.oid = $1::regclass`,
      [table, placement.column],
    );
    expect(row, table).toEqual({ sent: true });
    await sql(url, `SELECT ${bucketExpression(placement)} FROM ${table} LIMIT 1`);
  }
});

test('the bucket of an id is the same in SQL, in the filter and in the code', async () => {
  const id = '01a2b3c4-d5e6-7fed-8123-456789abcdef';
  const filter = bucketExpression({ by: 'id', column: 'id' });
  const [row] = await sql(
    tenant.databaseUrl('users', 's1'),
    `SELECT bucket_of(id) AS function, ${filter} AS filter FROM (VALUES ($1::uuid)) AS one(id)`,
    [id],
  );
  expect(row).toEqual({ function: 0xfed, filter: 0xfed });
});
