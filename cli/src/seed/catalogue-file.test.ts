import { expect, test } from 'vitest';
import { parseCatalogueFile } from './catalogue-file.ts';

const file = (blocks: string) => `
slug: a-course
title: A course
summary: Short.
description: <p>Long.</p>
level: BEGINNER
tags: [a]
modules:
  - key: m
    title: Module
    sections:
      - key: s
        title: Section
        lessons:
          - key: l
            title: Lesson
            blocks:
${blocks.replace(/^/gm, '              ')}
`;

const blocksOf = (blocks: string) =>
  parseCatalogueFile('a.yaml', file(blocks)).modules[0]?.sections[0]?.lessons[0]?.blocks;

test('texts and problems of every kind are read', () => {
  const blocks = blocksOf(`
- { key: t, text: <p>Read me.</p> }
- { key: one, problem: Which?, choices: [a, { correct: b }], explanation: Because. }
- { key: all, problem: Which?, many: true, choices: [{ correct: a }, { correct: b }, c], explanation: Because. }
- { key: n, problem: How many?, number: { value: 4, tolerance: 1 }, explanation: Because. }
- { key: w, problem: What?, answers: [this, that], hints: [Think.], explanation: Because. }`);
  expect(blocks).toMatchObject([
    { kind: 'TEXT', externalKey: 'block/l/t', html: '<p>Read me.</p>' },
    { problemKind: 'SINGLE_CHOICE', grading: { correctChoiceIds: ['choice_2'] } },
    { problemKind: 'MULTIPLE_CHOICE', grading: { correctChoiceIds: ['choice_1', 'choice_2'] } },
    { problemKind: 'NUMERIC', grading: { value: 4, tolerance: 1 } },
    { problemKind: 'TEXT', grading: { answers: ['this', 'that'], caseSensitive: false }, hints: ['Think.'] },
  ]);
});

test.each([
  [
    'two correct choices of which one is asked',
    '- { key: p, problem: Which?, choices: [{ correct: a }, { correct: b }], explanation: x }',
    /exactly one correct choice/,
  ],
  [
    'a problem without an answer',
    '- { key: p, problem: Which?, explanation: x }',
    /exactly one of choices, number and answers/,
  ],
  ['a key that occurs twice', '- { key: t, text: a }\n- { key: t, text: b }', /the key block\/l\/t occurs twice/],
  ['an unknown name', '- { key: t, text: a, colour: red }', /a\.yaml/],
])('%s is refused with the file named', (_, blocks, message) => {
  expect(() => blocksOf(blocks)).toThrow(message);
  expect(() => blocksOf(blocks)).toThrow(/a\.yaml/);
});
