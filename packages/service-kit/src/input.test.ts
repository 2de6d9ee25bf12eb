import { expect, test } from 'vitest';
import { z } from 'zod';
import { hasControls, parseInput } from './input.ts';

test('input that does not fit is refused with the name of each field and the reason', () => {
  const schema = z.object({ first: z.number(), name: z.string().min(1, 'is empty'), tags: z.array(z.string()) });
  expect(() => parseInput(schema, { first: 1, name: '', tags: ['a', 2] })).toThrow(
    expect.objectContaining({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/^name: is empty; tags\.1: /),
      details: expect.objectContaining({ argument: 'name', reason: 'is empty' }),
    }),
  );
});

test('text may hold line breaks and tabs but no other controls', () => {
  expect(hasControls('one\n\ttwo\r\n')).toBe(false);
  expect(hasControls('one\u0000')).toBe(true);
  expect(hasControls('\u001b[1m')).toBe(true);
});
