import { expect, test } from 'vitest';
import { badInput, ERRORS, isLyceumError, LyceumError, notFound } from './errors.ts';

test('an error of another copy of this module is known by its shape', () => {
  const foreign = Object.assign(new Error('gone'), { name: 'LyceumError', code: 'LESSON_NOT_FOUND' });
  expect(isLyceumError(foreign)).toBe(true);
  expect(isLyceumError(Object.assign(new Error('x'), { name: 'LyceumError', code: 'NOT_OURS' }))).toBe(false);
  expect(isLyceumError(Object.assign(new Error('x'), { code: 'INTERNAL' }))).toBe(false);
  expect(isLyceumError({ name: 'LyceumError', code: 'INTERNAL' })).toBe(false);
});

test('an error without a message says what the catalogue says', () => {
  expect(notFound('COURSE_NOT_FOUND').message).toBe(ERRORS.COURSE_NOT_FOUND.message);
  expect(new LyceumError('FORBIDDEN', 'No.').message).toBe('No.');
});

test('bad input names its argument', () => {
  expect(badInput('first', 'must be positive')).toMatchObject({
    code: 'BAD_USER_INPUT',
    message: 'first: must be positive',
    details: { argument: 'first' },
  });
});
