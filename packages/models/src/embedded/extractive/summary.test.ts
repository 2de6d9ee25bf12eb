import { expect, test } from 'vitest';
import { LESSON } from './lesson.fixture.ts';
import { summarize } from './summary.ts';

test('a summary is made of sentences of the text in their order', () => {
  const sentences = summarize(LESSON, 4);
  expect(sentences).toHaveLength(4);
  const places = sentences.map((sentence) => LESSON.indexOf(sentence));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test('headings, lists and questions do not enter a summary while there is prose', () => {
  expect(summarize(LESSON, 20).join(' ')).not.toMatch(/How tides work|tide table|What do sailors/);
});

test('a sentence that repeats another is left out', () => {
  const text =
    'The heart pumps blood through the body. The heart pumps blood through the whole body. Our lungs bring oxygen into the blood with every breath.';
  expect(summarize(text, 3)).toHaveLength(2);
});

test('text without prose is still summarised by its lines, and empty text by nothing', () => {
  expect(summarize('Milk\nEggs and flour', 5)).toEqual(['Milk', 'Eggs and flour']);
  expect(summarize(' \n ', 5)).toEqual([]);
});
