import { describe, expect, test } from 'vitest';
import type { CourseDocument } from './document.ts';
import { outlineOf } from './outline.ts';
import { changesAnything, type ExistingItems, type ImportPlan, planImport } from './plan.ts';

const text = (externalKey: string, html = `<p>${externalKey}</p>`) =>
  ({ kind: 'TEXT', externalKey, title: externalKey, html }) as const;

function course(lessons: Record<string, ReturnType<typeof text>[]>): CourseDocument {
  return {
    ...{ externalKey: 'course', slug: 'a-course', title: 'A course', summary: '', description: '', language: 'en' },
    ...{ level: 'BEGINNER', tags: [] },
    modules: [
      {
        externalKey: 'm',
        title: 'Module',
        sections: [
          {
            externalKey: 's',
            title: 'Section',
            lessons: Object.entries(lessons).map(([key, blocks]) => ({ externalKey: key, title: key, blocks })),
          },
        ],
      },
    ],
  };
}

const NOTHING: ExistingItems = { modules: [], sections: [], lessons: [], blocks: [] };

function plan(document: CourseDocument, existing: ExistingItems = NOTHING): ImportPlan {
  let made = 0;
  const makeId = () => {
    made += 1;
    return `id-${made}`;
  };
  return planImport(outlineOf(document), existing, 'course-id', makeId);
}

/** The rows that a first import wrote. */
function imported(document: CourseDocument): ExistingItems {
  const first = plan(document);
  const rows = (kind: keyof ImportPlan) => first[kind].create.map((item) => ({ ...item }));
  return { modules: rows('modules'), sections: rows('sections'), lessons: rows('lessons'), blocks: rows('blocks') };
}

describe('an import', () => {
  const before = course({ l1: [text('a'), text('b')], l2: [text('c')] });

  test('creates all there is, children beside their parents', () => {
    const { modules, lessons, blocks } = plan(before);
    expect(modules.create[0]).toMatchObject({ id: 'id-1', parentId: 'course-id' });
    expect(lessons.create.map(({ parentId }) => parentId)).toEqual(['id-2', 'id-2']);
    expect(blocks.create.map(({ parentId, position }) => [parentId, position])).toEqual([
      ['id-3', 0],
      ['id-3', 1],
      ['id-4', 0],
    ]);
  });

  test('changes nothing the second time', () => {
    const again = plan(before, imported(before));
    expect(changesAnything(again)).toBe(false);
    expect(again.blocks.counts).toEqual({ created: 0, updated: 0, moved: 0, removed: 0, unchanged: 3 });
  });

  test('updates what changed and keeps its id', () => {
    const rows = imported(before);
    const { blocks, lessons } = plan(course({ l1: [text('a', '<p>new</p>'), text('b')], l2: [text('c')] }), rows);
    expect(blocks.update).toMatchObject([{ externalKey: 'a', id: rows.blocks[0]?.id }]);
    expect(blocks.counts).toMatchObject({ updated: 1, unchanged: 2 });
    expect(lessons.counts).toMatchObject({ unchanged: 2 });
  });

  test('moves a block to another lesson without making it anew', () => {
    const rows = imported(before);
    const { blocks } = plan(course({ l1: [text('a')], l2: [text('c'), text('b')] }), rows);
    expect(blocks.counts).toEqual({ created: 0, updated: 0, moved: 1, removed: 0, unchanged: 2 });
    expect(blocks.update[0]).toMatchObject({ id: rows.blocks[1]?.id, parentId: rows.lessons[1]?.id, position: 1 });
  });

  test('removes what its source no longer has', () => {
    const rows = imported(before);
    const { lessons, blocks } = plan(course({ l2: [text('c')] }), rows);
    expect(lessons.remove).toEqual([rows.lessons[0]?.id]);
    expect(blocks.counts).toMatchObject({ removed: 2, unchanged: 1 });
  });
});

test('the hash of an item follows what is stored, not how it was written', () => {
  const [one] = outlineOf(course({ l: [text('a', '<p class="x">same</p>')] })).items.blocks;
  const [two] = outlineOf(course({ l: [text('a', '<p>same</p><script>x()</script>')] })).items.blocks;
  expect(one?.contentHash).toBe(two?.contentHash);
});
