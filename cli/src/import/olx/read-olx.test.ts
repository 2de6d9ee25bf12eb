import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOlx } from './read-olx.ts';

let root: string;
let exports = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lyceum-olx-test-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const COURSE = {
  'course.xml': '<course url_name="2026" org="Org" course="C1"/>',
  'course/2026.xml': '<course display_name="A Course"><chapter url_name="c"/><wiki slug="w"/></course>',
  'chapter/c.xml': '<chapter display_name="Chapter"><sequential url_name="s"/></chapter>',
  'sequential/s.xml': '<sequential display_name="Section"><vertical url_name="v"/></sequential>',
};

async function read(files: Record<string, string>) {
  exports += 1;
  const folder = join(root, String(exports));
  for (const [path, text] of Object.entries({ ...COURSE, ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return readOlx(folder);
}

async function readBlocks(files: Record<string, string>) {
  const { document, report } = await read(files);
  const lessons = document.modules.flatMap((module) => module.sections.flatMap((section) => section.lessons));
  return { blocks: lessons.flatMap((lesson) => lesson.blocks), lessons, report };
}

test('split files become modules, sections, lessons and blocks with keys of their own', async () => {
  const { document } = await read({
    'vertical/v.xml':
      '<vertical display_name="Lesson"><html url_name="h"/><video url_name="w"/><problem url_name="p"/></vertical>',
    'html/h.xml': '<html filename="page" display_name="Page"/>',
    'html/page.html': '<p onclick="x()">Hello<script>x()</script></p>',
    'video/w.xml': '<video display_name="Film" youtube="0.75:slow00,1.00:AbC_d-1" youtube_id_1_0=""/>',
    'problem/p.xml': '<problem display_name="Sum"><numericalresponse answer="4"/></problem>',
    'about/short_description.html': 'About <b>this</b>.',
    'about/overview.html': '<h2>Overview</h2><iframe src="https://example.org"></iframe>',
  });
  expect(document).toMatchObject({
    externalKey: 'course-v1:Org+C1+2026',
    slug: 'a-course',
    title: 'A Course',
    summary: 'About this.',
    description: '<h2>Overview</h2>',
    modules: [
      {
        externalKey: 'chapter/c',
        title: 'Chapter',
        sections: [{ externalKey: 'sequential/s', lessons: [{ externalKey: 'vertical/v', title: 'Lesson' }] }],
      },
    ],
  });
  expect(document.modules[0]?.sections[0]?.lessons[0]?.blocks).toMatchObject([
    { kind: 'TEXT', externalKey: 'html/h', title: 'Page', html: '<p>Hello</p>' },
    { kind: 'VIDEO', externalKey: 'video/w', youtubeId: 'AbC_d-1', url: 'https://www.youtube.com/watch?v=AbC_d-1' },
    { kind: 'PROBLEM', externalKey: 'problem/p', problemKind: 'NUMERIC' },
  ]);
});

test('a whole course may stand in one file', async () => {
  const { document } = await read({
    'course.xml': `<course org="O" course="C" url_name="r" display_name="Inline">
      <chapter display_name="One"><sequential><vertical>
        <html display_name="Page"><p>Inline &amp; short</p></html><html><p>Nameless</p></html>
        <video html5_sources='["http://plain.example/a.mp4","https://safe.example/a.mp4"]'/>
      </vertical></sequential></chapter></course>`,
  });
  const [module] = document.modules;
  expect(module?.sections[0]).toMatchObject({ title: 'Section 1', lessons: [{ title: 'Lesson 1' }] });
  const blocks = module?.sections[0]?.lessons[0]?.blocks ?? [];
  expect(blocks).toMatchObject([
    { html: '<p>Inline &amp; short</p>' },
    { html: '<p>Nameless</p>' },
    { kind: 'VIDEO', youtubeId: null, url: 'https://safe.example/a.mp4' },
  ]);
  expect(new Set(blocks.map((block) => block.externalKey)).size).toBe(3);
});

test('wrappers give their content, experiments one alternative, and unknown blocks are named', async () => {
  const { blocks, report } = await readBlocks({
    'vertical/v.xml': `<vertical><library_content url_name="l"/><split_test>
        <vertical><html url_name="a"><p>A</p></html></vertical><vertical><html url_name="b"><p>B</p></html></vertical>
      </split_test><conditional sources="x"><show sources="y"/><html url_name="d"><p>D</p></html></conditional>
      <lti url_name="t"/><poll/><lti/></vertical>`,
    'library_content/l.xml': '<library_content max_count="1"><html url_name="c"><p>C</p></html></library_content>',
  });
  expect(blocks.map((block) => block.externalKey)).toEqual(['html/c', 'html/a', 'html/d']);
  expect(Object.fromEntries(report.unknown)).toEqual({ lti: 2, poll: 1 });
  expect(report.alternatives).toBe(1);
});

test('drafts and what only staff may see are left out and counted', async () => {
  const { blocks, report } = await readBlocks({
    'vertical/v.xml': `<vertical><html url_name="a"><p>A</p></html>
      <html url_name="b" visible_to_staff_only="true"><p>B</p></html></vertical>`,
    'drafts/vertical/d.xml': '<vertical display_name="Draft" parent_url="s"/>',
  });
  expect(blocks.map((block) => block.externalKey)).toEqual(['html/a']);
  expect(report).toMatchObject({ drafts: 1, staffOnly: 1 });
});

test('a block used twice is two blocks', async () => {
  const { blocks } = await readBlocks({
    'vertical/v.xml': '<vertical><html url_name="h"/><html url_name="h"/></vertical>',
    'html/h.xml': '<html><p>Again</p></html>',
  });
  expect(blocks.map((block) => block.externalKey)).toEqual(['html/h', 'html/h#2']);
});

test('files that use one another many times over are refused instead of unfolded', async () => {
  const sequential = `<sequential>${'<vertical url_name="v"/>'.repeat(100)}</sequential>`;
  const vertical = `<vertical>${'<html>x</html>'.repeat(1_000)}</vertical>`;
  await expect(read({ 'sequential/s.xml': sequential, 'vertical/v.xml': vertical })).rejects.toThrow(
    /^vertical\/v\.xml:1: the course uses more than 50000 elements$/,
  );
});

test('a title in policy.json that no database can hold is refused, and the file is named', async () => {
  const policy = JSON.stringify({ 'chapter/c': { display_name: 'a\u0000b' } });
  await expect(read({ 'policies/2026/policy.json': policy })).rejects.toThrow(/^policies\/2026\/policy\.json: /);
});

test('the address of a video is written as addresses are, whatever the export holds', async () => {
  const sources = JSON.stringify(['javascript:alert(1)', 'https://video.example/a\u0000\ud800 b.mp4']);
  const { blocks } = await readBlocks({
    'vertical/v.xml': `<vertical><video url_name="w" html5_sources='${sources}'/></vertical>`,
  });
  expect(blocks).toMatchObject([{ kind: 'VIDEO', url: 'https://video.example/a%00%EF%BF%BD%20b.mp4' }]);
});

test('what is named like a file but is none is refused', async () => {
  const files = { 'vertical/v.xml': '<vertical><html filename="page"/></vertical>', 'html/page.html/inner.txt': 'x' };
  await expect(read(files)).rejects.toThrow(/^html\/page\.html: is no file$/);
});

test('blocks outside of units become lessons of their own', async () => {
  const { lessons } = await readBlocks({
    'sequential/s.xml': '<sequential><html url_name="h" display_name="Alone"><p>x</p></html></sequential>',
  });
  expect(lessons).toMatchObject([{ title: 'Alone', blocks: [{ kind: 'TEXT' }] }]);
});

test('a problem kept as Markdown alone is read from it', async () => {
  const { blocks } = await readBlocks({
    'vertical/v.xml': '<vertical><problem url_name="p"/></vertical>',
    'problem/p.xml': '<problem markdown="&gt;&gt;Two?&lt;&lt;&#10;= 2 +- 1"/>',
  });
  expect(blocks).toMatchObject([{ problemKind: 'NUMERIC', grading: { value: 2, tolerance: 1 } }]);
});

test('titles kept in policy.json are found', async () => {
  const { document } = await read({
    'course/2026.xml': '<course><chapter url_name="c"/></course>',
    'policies/2026/policy.json':
      '{"course/2026": {"display_name": "From policy"}, "vertical/v": {"display_name": "V"}}',
    'vertical/v.xml': '<vertical/>',
  });
  expect(document.title).toBe('From policy');
  expect(document.modules[0]?.sections[0]?.lessons[0]?.title).toBe('V');
});

test.each([
  [
    'broken XML',
    { 'vertical/v.xml': '<vertical>\n  <html>\n</vertical>' },
    /^vertical\/v\.xml:3: .*end tag for element html/,
  ],
  [
    'a missing page',
    { 'vertical/v.xml': '<vertical>\n<html filename="gone"/></vertical>' },
    /^vertical\/v\.xml:2: .*html\/gone\.html/,
  ],
  [
    'a missing file',
    { 'sequential/s.xml': '<sequential><vertical url_name="gone"/></sequential>' },
    /^sequential\/s\.xml:1: .*vertical\/gone\.xml/,
  ],
  [
    'a name that climbs out',
    { 'vertical/v.xml': '<vertical><html url_name="../../../etc/x"/></vertical>' },
    /leads out of the export/,
  ],
  [
    'a unit in itself',
    {
      'vertical/v.xml': '<vertical><conditional url_name="i"/></vertical>',
      'conditional/i.xml': '<conditional><conditional url_name="i"/></conditional>',
    },
    /nests in itself/,
  ],
])('%s ends the reading with file and reason', async (_, files, message) => {
  await expect(read(files as Record<string, string>)).rejects.toThrow(message);
});

test('a folder without course.xml is no export', async () => {
  const empty = join(root, 'empty');
  await mkdir(empty, { recursive: true });
  await expect(readOlx(empty)).rejects.toThrow(/course\.xml: not found: this is no Open edX export/);
  await expect(readOlx(join(root, 'nowhere'))).rejects.toThrow(/no such file or folder/);
});
