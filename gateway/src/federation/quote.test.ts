import { expect, test } from 'vitest';
import { quote } from './quote.ts';

test('a text is quoted as JSON.stringify does it, short or long', () => {
  const parts = [
    '',
    'plain',
    '"',
    '\\',
    '\n',
    '\u0000',
    '\u001f',
    '\u007f',
    'ż',
    '\u2028',
    '🚀',
    '\ud83d',
    '\ude80',
    'x'.repeat(60),
  ];
  for (const before of parts) {
    for (const after of parts) expect(quote(before + after)).toBe(JSON.stringify(before + after));
  }
});
