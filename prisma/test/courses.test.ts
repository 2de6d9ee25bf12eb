/**
 * Where courses go, and what their database generates.
 */
import { openTenant, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allocateCourseBucket, type Database, newId } from '../src/index.ts';
import { openTestDatabase, readShards } from './support.ts';

let tenant: Tenant;
let opened: Awaited<ReturnType<typeof openTestDatabase<'courses'>>>;
let courses: Database<'courses'>;

beforeAll(async () => {
  tenant = await openTenant(['courses']);
  opened = await openTestDatabase('courses', tenant.env);
  courses = opened.database;
});

afterAll(async () => {
  await opened?.close();
  await tenant?.close();
});

const make = (id: string, data: { title: string; tags?: string[]; description?: string }) =>
  courses.session(null).transaction(id, (tx) => tx.course.create({ data: { id, slug: id, ...data } }));

test('courses fill buckets in order of creation, the first two on one shard and the next on the other', async () => {
  const buckets: number[] = [];
  for (let n = 0; n < 4; n += 1) buckets.push(await allocateCourseBucket(courses));
  expect(buckets).toEqual([0, 1, 2, 3]);
  expect(buckets.map((bucket) => courses.shardOf(newId(bucket)))).toEqual(['s1', 's1', 's2', 's2']);
});

test('a bucket takes as many courses as the policy says, also under concurrent creation, and never moves back', async () => {
  const policy = await readShards();
  const roomy = { ...policy, courses: { ...policy.courses, coursesPerBucket: 3 } };
  const second = await openTestDatabase('courses', tenant.env, { policy: roomy });
  try {
    const start = await allocateCourseBucket(second.database);
    const next = await Promise.all(Array.from({ length: 9 }, () => allocateCourseBucket(second.database)));
    const counts = Map.groupBy([start, ...next], (bucket) => bucket);
    const sizes = [...counts].sort(([a], [b]) => a - b).map(([bucket, members]) => [bucket, members.length]);
    // Bucket 3 has one from the test before and takes two more.
    expect(sizes).toEqual([
      [3, 2],
      [4, 3],
      [5, 3],
      [6, 2],
    ]);
  } finally {
    await second.close();
  }
});

test('search finds words of title, tags, summary and description, title first', async () => {
  const [inTitle, inText, none] = [newId(0), newId(0), newId(0)];
  await make(inText, { title: 'Mosses', description: '<p>Nothing but <b>lichens</b></p>' });
  await make(inTitle, { title: 'Lichens', tags: ['fungi'] });
  await make(none, { title: 'Ferns' });
  const find = async (words: string) => {
    const client = await courses.session(null).read(none, 'primary');
    const rows = await client.$queryRaw<{ id: string }[]>`
      SELECT id FROM course, websearch_to_tsquery('english', ${words}) query
      WHERE search @@ query ORDER BY ts_rank(search, query) DESC`;
    return rows.map(({ id }) => id);
  };
  expect(await find('lichen')).toEqual([inTitle, inText]);
  expect(await find('fungi')).toEqual([inTitle]);
  expect(await find('lichens -fungi')).toEqual([inText]);
});

test('titles sort without regard to case, the same on every shard', async () => {
  const ids = [newId(0), newId(0)];
  await make(ids[0]!, { title: 'zebra Fish' });
  const course = await make(ids[1]!, { title: 'Éclair' });
  expect(course.titleKey).toBe('éclair');
  const client = await courses.session(null).read(ids[0]!, 'primary');
  const rows = await client.course.findMany({ where: { id: { in: ids } }, orderBy: { titleKey: 'asc' } });
  expect(rows.map(({ titleKey }) => titleKey)).toEqual(['zebra fish', 'éclair']);
});
