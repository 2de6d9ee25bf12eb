import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { JsonText } from '../federation/project/json-text.ts';
import { markShared, writeBody, writeResult } from './write-result.ts';

test('a result is written alike whether its data is an object or text, and whether it is shared or not', () => {
  const data = { a: 'ł"', list: Array.from({ length: 2_000 }, (_, i) => ({ id: `id-${i}` })) };
  const errors = [new GraphQLError('no', { path: ['a'], extensions: { code: 'INTERNAL', http: { status: 500 } } })];
  const formatted = [{ message: 'no', path: ['a'], extensions: { code: 'INTERNAL' } }];
  for (const given of [{}, { errors }, { errors, extensions: { b: 1 } }]) {
    const results = [
      { ...given, data },
      { ...given, data: new JsonText(JSON.stringify(data)) },
    ];
    const expected = { ...given, data, ...('errors' in given && { errors: formatted }) };
    for (const result of results) {
      const text = writeResult(result);
      expect(JSON.parse(text)).toEqual(expected);
      expect(writeBody(result)).toBe(text);
      markShared(result);
      expect(writeResult(result)).toBe(text);
      expect(writeBody(result).toString()).toBe(text);
    }
  }
});

test('what is shared is written once', () => {
  let reads = 0;
  const result = {
    get data() {
      reads += 1;
      return { text: 'x'.repeat(20_000) };
    },
  };
  markShared(result);
  const bodies = [writeBody(result), writeBody(result), writeBody(result)];
  expect(new Set(bodies).size).toBe(1);
  expect(reads).toBe(1);
  expect(writeResult(result)).toBe(String(bodies[0]));
});
