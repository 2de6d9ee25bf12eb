import { describe, expect, test } from 'vitest';
import { LESSON } from './lesson.fixture.ts';
import { makeQuiz } from './quiz.ts';

describe('makeQuiz', () => {
  const quiz = makeQuiz(LESSON, 6);

  test('every answer and every choice is a phrase of the text as written', () => {
    expect(quiz).toHaveLength(6);
    for (const question of quiz) {
      expect(LESSON).toContain(question.source);
      for (const choice of question.choices) expect(LESSON).toContain(choice);
    }
  });

  test('putting the answer into the gap gives the source sentence back', () => {
    for (const { prompt, answer, source } of quiz) {
      const gapped = prompt.slice(prompt.indexOf('“') + 1, -1);
      expect(gapped.replace('_____', answer)).toBe(source);
    }
  });

  test('a question offers its answer once among four different choices, none of which stands in its sentence', () => {
    for (const { choices, answer, source } of quiz) {
      expect(choices).toHaveLength(4);
      expect(new Set(choices.map((choice) => choice.toLowerCase())).size).toBe(4);
      expect(choices.filter((choice) => choice === answer)).toHaveLength(1);
      for (const choice of choices) if (choice !== answer) expect(source).not.toContain(choice);
    }
  });

  test('no two questions have the same answer, and they follow the order of the text', () => {
    expect(new Set(quiz.map(({ answer }) => answer.toLowerCase())).size).toBe(quiz.length);
    const places = quiz.map(({ source }) => LESSON.indexOf(source));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test('the same text gives the same quiz', () => {
    expect(makeQuiz(LESSON, 6)).toEqual(quiz);
  });

  test('the right answer does not always stand first', () => {
    expect(new Set(quiz.map(({ choices, answer }) => choices.indexOf(answer))).size).toBeGreaterThan(1);
  });

  test('a text that holds too little gives fewer questions, down to none', () => {
    expect(makeQuiz('Hello there.', 5)).toEqual([]);
    expect(makeQuiz('', 5)).toEqual([]);
    expect(makeQuiz(LESSON, 50).length).toBeGreaterThan(6);
  });

  test('a number is left out only if the text has other numbers to choose from', () => {
    const numeric = makeQuiz(LESSON, 50).filter(({ answer }) => /^\d/.test(answer));
    expect(numeric.length).toBeGreaterThan(0);
    for (const { choices } of numeric) for (const choice of choices) expect(choice).toMatch(/^\d/);
  });
});
