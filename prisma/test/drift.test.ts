/**
 * Differences between schema.prisma and a database. The first test is the check of this repository: it fails when a
 * migration was forgotten, or the schema was. Those after it change one database more and more.
 */
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DOMAINS, findDrift } from '../src/index.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await openTenant(DOMAINS);
});
afterAll(() => tenant?.close());

test.for(DOMAINS)('schema.prisma of %s and the database that its migrations make are the same', async (domain) => {
  expect(await findDrift(domain, tenant.databaseUrl(domain, 's1'))).toEqual([]);
});

test.for([
  ['ALTER TABLE course ADD COLUMN rating integer', 'column course.rating', /in the database, but neither/],
  ['ALTER TABLE course DROP COLUMN language', 'column course.language', /in schema\.prisma, but not/],
  [
    'ALTER TABLE course ALTER content_hash TYPE varchar(200)',
    'column course.content_hash',
    /"character varying\(200\)"/,
  ],
  ['ALTER TABLE course ALTER title DROP NOT NULL', 'column course.title', /is "text" in the database/],
  ['ALTER TABLE course ALTER level DROP DEFAULT', 'column course.level', /is "course_level not null" in the data/],
  [
    'ALTER TABLE directory_entry DROP CONSTRAINT directory_entry_pkey',
    'primary key directory_entry',
    /not in the data/,
  ],
  ['DROP INDEX course_slug_key', 'unique index course using btree (slug)', /not in the database/],
  ['CREATE INDEX ON course (slug DESC)', 'index course using btree (slug desc)', /neither/],
  ['CREATE INDEX ON course USING hash (slug)', 'index course using hash (slug)', /neither/],
  ["CREATE INDEX ON course (slug) WHERE status = 'DRAFT'", /^index course using btree \(slug\) where /, /neither/],
  ['ALTER TABLE module DROP CONSTRAINT module_course_id_fkey', 'foreign key module (course_id)', /not in the database/],
  ["ALTER TYPE course_level ADD VALUE 'EXPERT'", 'enum course_level', /"BEGINNER, INTERMEDIATE, ADVANCED, EXPERT"/],
  ['CREATE TABLE forgotten (id int)', 'table forgotten', /neither/],
  ['DROP TRIGGER outbox_message_wake ON outbox_message', /^trigger/, /in beyond-prisma\.yaml, but not in the database/],
  ['ALTER TABLE course ADD CONSTRAINT titled CHECK (title <> $$$$)', 'check course titled', /neither/],
] as const)('%s is drift, and is named', async ([change, object, problem]) => {
  const url = tenant.databaseUrl('courses', 's1');
  await sql(url, change);
  const drift = await findDrift('courses', url);
  expect(drift).toContainEqual({
    object: typeof object === 'string' ? object : expect.stringMatching(object),
    problem: expect.stringMatching(problem),
  });
});

test('months of a partitioned table, attached or not, and extensions are no drift', async () => {
  const url = tenant.databaseUrl('progress', 's1');
  await sql(url, "SELECT ensure_month_partitions('activity', '2030-01-01', 2)");
  await sql(url, 'ALTER TABLE activity DETACH PARTITION activity_2030_01');
  await sql(url, 'CREATE EXTENSION pg_stat_statements');
  expect(await findDrift('progress', url)).toEqual([]);
});
