import type { Grading } from '@lyceum/contracts';
import { describe, expect, test } from 'vitest';
import { grade, solutionOf } from './grading.ts';

const choices: Grading = { kind: 'choices', correctChoiceIds: ['a', 'c'] };
const numeric: Grading = { kind: 'numeric', value: 0.3, tolerance: 0 };
const text: Grading = { kind: 'text', answers: ['Straße', 'road'], caseSensitive: false };

const correct = (grading: Grading, answer: Parameters<typeof grade>[1]) => grade(grading, answer).correct;
const refusal = (grading: Grading, answer: Parameters<typeof grade>[1]) => {
  try {
    grade(grading, answer);
    return 'accepted';
  } catch (error) {
    const { code, details } = error as { code: string; details: { field: string } };
    return `${code} ${details.field}`;
  }
};

describe('grading', () => {
  test('choices are right only as the exact set, in any order', () => {
    expect(correct(choices, { choiceIds: ['c', 'a'] })).toBe(true);
    expect(correct(choices, { choiceIds: ['a', 'c', 'a'] })).toBe(true);
    expect(correct(choices, { choiceIds: ['a'] })).toBe(false);
    expect(correct(choices, { choiceIds: ['a', 'b', 'c'] })).toBe(false);
  });

  test('a number is right within the tolerance, its bounds included', () => {
    const near: Grading = { kind: 'numeric', value: 10, tolerance: 0.5 };
    expect(correct(near, { response: ' 10.5 ' })).toBe(true);
    expect(correct(near, { response: '9.5' })).toBe(true);
    expect(correct(near, { response: '10.51' })).toBe(false);
    expect(correct({ kind: 'numeric', value: -2000, tolerance: 0 }, { response: '−2e3' })).toBe(true);
  });

  test('a tolerance of zero forgives the rounding of binary fractions', () => {
    expect(correct(numeric, { response: String(0.1 + 0.2) })).toBe(true);
    expect(correct(numeric, { response: '0.3000001' })).toBe(false);
  });

  test('a text is right without regard to space around it and case', () => {
    expect(correct(text, { response: '  STRASSE ' })).toBe(true);
    expect(correct(text, { response: 'Road' })).toBe(true);
    expect(correct(text, { response: 'roads' })).toBe(false);
    expect(correct({ ...text, caseSensitive: true }, { response: 'Road' })).toBe(false);
  });

  test('an answer that does not fit its problem is refused with the field that is wrong', () => {
    expect(refusal(choices, {})).toBe('ANSWER_INVALID choiceIds');
    expect(refusal(choices, { choiceIds: [] })).toBe('ANSWER_INVALID choiceIds');
    expect(refusal(choices, { choiceIds: ['a'], response: 'a' })).toBe('ANSWER_INVALID response');
    expect(refusal(choices, { choiceIds: Array.from({ length: 51 }, String) })).toBe('ANSWER_INVALID choiceIds');
    expect(refusal(numeric, { response: 'three' })).toBe('ANSWER_INVALID response');
    expect(refusal(numeric, { response: '0x10' })).toBe('ANSWER_INVALID response');
    expect(refusal(text, { response: '   ' })).toBe('ANSWER_INVALID response');
    expect(refusal(text, { response: 'a'.repeat(1_001) })).toBe('ANSWER_INVALID response');
    expect(refusal(text, { response: 'a\u0000b' })).toBe('ANSWER_INVALID response');
    expect(refusal(choices, { choiceIds: ['a\u0000'] })).toBe('ANSWER_INVALID choiceIds');
    expect(refusal(text, { choiceIds: ['a'] })).toBe('ANSWER_INVALID choiceIds');
  });

  test('a solution names choices for choices and answers for numbers and texts', () => {
    expect(solutionOf(choices, 'why')).toEqual({ correctChoiceIds: ['a', 'c'], answers: [], explanation: 'why' });
    expect(solutionOf(numeric, '')).toEqual({ correctChoiceIds: [], answers: ['0.3'], explanation: '' });
    expect(solutionOf(text, '').answers).toEqual(['Straße', 'road']);
  });
});
