/**
 * Checks of what people type.
 */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { countCharacters, hasControls, parseInput } from './input.ts';

describe('input', () => {
  it('counts a character beyond the basic plane once', () => {
    expect(countCharacters('añ🙂')).toBe(3);
  });

  it('may hold line breaks and tabs but no other controls', () => {
    expect(hasControls('one\n\ttwo\r\n')).toBe(false);
    expect(hasControls('one\u0000')).toBe(true);
    expect(hasControls('\u001b[1m')).toBe(true);
  });

  it('that does not fit is refused with the name of each argument and the reason', () => {
    const schema = z.object({ first: z.number(), name: z.string().min(1, 'is empty') });
    expect(() => parseInput(schema, { first: 1, name: '' })).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: 'name: is empty' }),
    );
  });
});
