import { expect, test } from 'vitest';
import { refusal } from '../errors.ts';
import { JsonText } from '../federation/project/json-text.ts';
import { writeResult } from './write-result.ts';

test('data that is text already reads like the same data as values', () => {
  const data = { a: [1, { b: 'ż' }], __typename: 'Query' };
  const errors = [refusal('BAD_USER_INPUT', 'no')];
  const extensions = { x: 1 };
  for (const rest of [{}, { errors }, { extensions }, { errors, extensions }]) {
    expect(writeResult({ ...rest, data: new JsonText(JSON.stringify(data)) })).toBe(writeResult({ ...rest, data }));
  }
});

test('errors stand first, without what only transports read; data is null or absent as it was', () => {
  const errors = [refusal('BAD_USER_INPUT', 'no')];
  expect(writeResult({ errors, data: null })).toBe(
    '{"errors":[{"message":"no","extensions":{"code":"BAD_USER_INPUT"}}],"data":null}',
  );
  expect(JSON.parse(writeResult({ errors }))).not.toHaveProperty('data');
});

test('a result as a whole can be written by anybody', () => {
  expect(JSON.stringify({ data: new JsonText('{"a":1}') })).toBe('{"data":{"a":1}}');
});
