import { expect, it } from 'vitest';
import { countCharacters } from './characters.ts';

it('counts a character beyond the basic plane once', () => {
  expect(countCharacters('añ🙂')).toBe(3);
});
