import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lyceum, openExport, sampleCourse } from './support.ts';

let tenant: Tenant;
beforeEach(async () => {
  tenant = await openTenant(['courses', 'users']);
});
afterEach(() => tenant.close());

/** The rows of all courses: the tenant's first course lies on the first shard. */
async function rows(table: 'course' | 'lesson' | 'block', columns = '*') {
  const order = table === 'course' ? 'id' : 'position, id';
  return sql(tenant.databaseUrl('courses', 's1'), `SELECT ${columns} FROM ${table} ORDER BY ${order}`);
}

test('an export becomes a published course, with a report of all it held', async () => {
  await using olx = await openExport();
  const { code, stdout } = await lyceum(['import', 'olx', olx.path], tenant.env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/Small course small-course · published · revision 1/);
  expect(stdout).toMatch(/modules +1 +1 created/);
  expect(stdout).toMatch(/lessons +1 +1 created/);
  expect(stdout).toMatch(/problem +1 +1 numeric/);
  expect(stdout).toMatch(/1 block of unknown kinds: 1 poll/);
  expect(await rows('course', 'slug, status, revision')).toEqual([
    { slug: 'small-course', status: 'PUBLISHED', revision: 1 },
  ]);
});

test('importing the same export twice changes nothing', async () => {
  await using olx = await openExport();
  await lyceum(['import', 'olx', olx.path], tenant.env);
  const before = [await rows('course'), await rows('lesson'), await rows('block')];
  const { code, stdout } = await lyceum(['import', 'olx', olx.path], tenant.env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^No change: the course is as the export has it already\.$/m);
  expect([await rows('course'), await rows('lesson'), await rows('block')]).toEqual(before);
});

test('a changed page updates one block and keeps its id', async () => {
  await using olx = await openExport();
  await lyceum(['import', 'olx', olx.path], tenant.env);
  const [before] = await rows('block');
  await olx.write({ 'html/page.html': '<p>As it is now.</p>' });
  const { stdout } = await lyceum(['import', 'olx', olx.path], tenant.env);
  const [after] = await rows('block');
  expect(stdout).toMatch(/blocks +2 +1 updated/);
  expect(after).toMatchObject({ id: before?.id, body: { html: '<p>As it is now.</p>' } });
});

test('broken XML names file and line and imports nothing', async () => {
  await using olx = await openExport();
  await olx.write({ 'vertical/v.xml': '<vertical display_name="Unit">\n  <html>\n</vertical>\n' });
  const first = await lyceum(['import', 'olx', olx.path], tenant.env);
  expect(first).toMatchObject({ code: 1, stdout: '' });
  expect(first.stderr).toMatch(/^vertical\/v\.xml:3: Missing end tag for element html$/m);
  expect(await rows('course')).toEqual([]);
});

test('broken XML leaves a course that is there as it was', async () => {
  await using olx = await openExport();
  await lyceum(['import', 'olx', olx.path], tenant.env);
  const before = [await rows('course'), await rows('block')];
  await olx.write({ 'html/page.html': '<p>New.</p>', 'vertical/v.xml': '<vertical><broken></vertical>' });
  expect(await lyceum(['import', 'olx', olx.path], tenant.env)).toMatchObject({ code: 1 });
  expect([await rows('course'), await rows('block')]).toEqual(before);
});

test('an archive gives the same course as its folder', async () => {
  await using olx = await openExport();
  const archive = join(olx.path, '../', `${olx.path.split('/').at(-1)}.tar.gz`);
  await create({ gzip: true, file: archive, cwd: olx.path, prefix: 'course' }, await readdir(olx.path));
  const first = await lyceum(['import', 'olx', archive], tenant.env);
  const second = await lyceum(['import', 'olx', olx.path], tenant.env);
  const { rm } = await import('node:fs/promises');
  await rm(archive);
  expect([first.code, first.stderr]).toEqual([0, '']);
  expect(second.stdout).toMatch(/^No change/m);
});

test('--draft keeps a new course from learners', async () => {
  await using olx = await openExport();
  const { stdout } = await lyceum(['import', 'olx', olx.path, '--draft'], tenant.env);
  expect(stdout).toMatch(/draft · revision 1/);
  expect(await rows('course', 'status')).toEqual([{ status: 'DRAFT' }]);
});

test('--instructor names an account that teaches, or nothing is imported', async () => {
  await using olx = await openExport();
  const nobody = await lyceum(['import', 'olx', olx.path, '--instructor', 'nobody@lyceum.example'], tenant.env);
  expect(nobody).toMatchObject({ code: 1 });
  expect(nobody.stderr).toMatch(/no account with the address nobody@lyceum\.example/);
  expect(await rows('course')).toEqual([]);
  await lyceum(['seed'], tenant.env);
  const learner = await lyceum(['import', 'olx', olx.path, '--instructor', 'learner@lyceum.example'], tenant.env);
  expect(learner.stderr).toMatch(/does not have the role INSTRUCTOR/);
  const teacher = await lyceum(['import', 'olx', olx.path, '--instructor', 'Instructor@Lyceum.example'], tenant.env);
  expect(teacher.code).toBe(0);
});

describe.skipIf(!sampleCourse)('the Open edX demo course', () => {
  test('imports as 6 modules, 17 sections, 58 lessons and 306 blocks, and a second time reports no change', async () => {
    const first = await lyceum(['import', 'olx', sampleCourse!], tenant.env);
    expect([first.code, first.stderr]).toEqual([0, '']);
    const counts = await rows(
      'course',
      'module_count, section_count, lesson_count, text_block_count, video_block_count, problem_block_count',
    );
    expect(counts).toEqual([
      {
        ...{ module_count: 6, section_count: 17, lesson_count: 58 },
        ...{ text_block_count: 266, video_block_count: 11, problem_block_count: 29 },
      },
    ]);
    expect(await rows('block', 'id')).toHaveLength(306);
    const gradable = "count(*) FILTER (WHERE body->'gradable' = 'true')::int AS gradable";
    const blocks = await sql(tenant.databaseUrl('courses', 's1'), `SELECT ${gradable} FROM block`);
    expect(blocks).toEqual([{ gradable: 17 }]);
    expect(first.stdout).toMatch(/12 blocks of unknown kinds: 2 lti, 2 openassessment, 1 annotatable/);
    const second = await lyceum(['import', 'olx', sampleCourse!], tenant.env);
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/^No change/m);
    expect(second.stdout).toMatch(/blocks +306 +no change/);
  });
});
