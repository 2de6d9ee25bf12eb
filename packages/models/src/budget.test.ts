import { AiJobInput } from '@lyceum/contracts';
import { expect, test } from 'vitest';
import { costOf, estimateReservation, estimateTokens, fitsBudget, settle } from './budget.ts';
import { LESSON } from './embedded/extractive/lesson.fixture.ts';
import { makeQuiz } from './embedded/extractive/quiz.ts';
import { tokenize } from './embedded/tokens.ts';
import { promptFor } from './prompts/index.ts';

const job = (questionCount: number) =>
  AiJobInput.parse({
    kind: 'QUIZ',
    lessonId: '0193a000-0000-7000-8000-000000000001',
    lessonTitle: 'Tides',
    lessonText: LESSON,
    questionCount,
  });

test('a reservation covers the prompt and the longest answer', () => {
  for (const count of [1, 5, 20]) {
    const prompt = promptFor(job(count)).messages.map(({ content }) => content);
    const read = tokenize(prompt.join('\n')).length;
    const written = tokenize(JSON.stringify({ questions: makeQuiz(LESSON, count) })).length;
    expect(estimateReservation(job(count))).toBeGreaterThanOrEqual(read + written);
  }
});

test('a longer text and more questions reserve more', () => {
  expect(estimateReservation(job(10))).toBeGreaterThan(estimateReservation(job(5)));
  expect(estimateTokens(LESSON + LESSON)).toBeGreaterThan(estimateTokens(LESSON));
  expect(estimateTokens('')).toBe(0);
});

test('settling returns the whole reservation and spends what was used', () => {
  expect(settle(1_000, { promptTokens: 300, completionTokens: 120 })).toEqual({ reserved: -1_000, spent: 420 });
  expect(settle(1_000, null)).toEqual({ reserved: -1_000, spent: 0 });
});

test('a reservation fits up to the allowance and not beyond', () => {
  expect(fitsBudget({ reserved: 50, spent: 40 }, 10, 100)).toBe(true);
  expect(fitsBudget({ reserved: 50, spent: 40 }, 11, 100)).toBe(false);
});

test('the cost counts both directions at their own price', () => {
  expect(costOf({ promptTokens: 2_000, completionTokens: 500 }, { prompt: 0.5, completion: 2 })).toBe(2);
});
