import { createLogger, LyceumError } from '@lyceum/service-kit';
import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { toGraphQLError } from './errors.ts';

function logged() {
  const lines: string[] = [];
  const log = createLogger('test', { level: 'debug', destination: { write: (line) => void lines.push(line) } });
  return { lines, log };
}

test('a known error shows its code and details at its place', () => {
  const { log } = logged();
  const thrown = new LyceumError('BAD_USER_INPUT', 'first: too many', { argument: 'first' });
  const error = toGraphQLError(new GraphQLError('wrapped', { path: ['courses'], originalError: thrown }), log);
  expect(error.toJSON()).toEqual({
    message: 'first: too many',
    path: ['courses'],
    extensions: { code: 'BAD_USER_INPUT', details: { argument: 'first' } },
  });
});

test('a bug is logged with its stack and shown as INTERNAL', () => {
  const { lines, log } = logged();
  const bug = new Error('password=hunter2 at 10.0.0.1');
  const error = toGraphQLError(new GraphQLError(bug.message, { path: ['viewer'], originalError: bug }), log);
  expect(JSON.stringify(error)).not.toContain('hunter2');
  expect(error.extensions).toEqual({ code: 'INTERNAL' });
  expect(error.originalError).toBeUndefined();
  expect(lines.join()).toContain('errors.test.ts');
});

test('what is thrown without being an error is masked too', () => {
  const { log } = logged();
  for (const thrown of ['a text', undefined, { code: 'FORBIDDEN' }, new AggregateError([new Error('x')])]) {
    expect(toGraphQLError(thrown, log).extensions.code).toBe('INTERNAL');
  }
});

test('a client mistake stays readable and suggests no names', () => {
  const { log } = logged();
  const message = 'Cannot query field "emial" on type "User". Did you mean "email" or "emails"?';
  const error = toGraphQLError(new GraphQLError(message), log);
  expect(error.message).toBe('Cannot query field "emial" on type "User".');
  expect(error.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
});

test('an error that was turned already stays as it is', () => {
  const { log, lines } = logged();
  const once = toGraphQLError(new LyceumError('LESSON_NOT_FOUND'), log);
  const before = lines.length;
  expect(toGraphQLError(once, log).toJSON()).toEqual(once.toJSON());
  expect(lines.length).toBe(before);
});
