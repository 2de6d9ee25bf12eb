import { createLogger, fixedPolicy } from '@lyceum/service-kit';
import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { GatewayPolicy } from './config.ts';
import { maskResult } from './mask-errors.ts';

const log = createLogger('test', { level: 'silent' });

function masked(extensions: Record<string, unknown>, policy: object = {}, message = 'words of the subgraph') {
  const error = new GraphQLError(message, { path: ['a'], extensions: { serviceName: 'courses', ...extensions } });
  const result = maskResult({ errors: [error], data: null }, log, fixedPolicy(GatewayPolicy.parse(policy)));
  return result.errors?.map((each) => ({ message: each.message, extensions: each.extensions }));
}

test('a code of the catalogue passes with its words and details, without what else a subgraph adds', () => {
  expect(masked({ code: 'FORBIDDEN', details: { a: 1 }, stacktrace: ['x'] })).toEqual([
    { message: 'words of the subgraph', extensions: { code: 'FORBIDDEN', details: { a: 1 } } },
  ]);
});

test('any other code, one that only looks like a key among them, leaves as INTERNAL', () => {
  for (const code of ['PAYMENT_DECLINED', 'INTERNAL', 'CLAIMS_REQUIRED', 'constructor', undefined]) {
    expect(masked({ code })).toEqual([
      { message: 'Something went wrong on our side.', extensions: { code: 'INTERNAL' } },
    ]);
  }
});

test('the policy lets further codes of a subgraph pass, and of that subgraph alone', () => {
  const policy = { subgraphs: { errors: { courses: { codes: ['PAYMENT_DECLINED'] } } } };
  expect(masked({ code: 'PAYMENT_DECLINED' }, policy)).toMatchObject([{ extensions: { code: 'PAYMENT_DECLINED' } }]);
  expect(masked({ code: 'PAYMENT_DECLINED', serviceName: 'users' }, policy)).toMatchObject([
    { extensions: { code: 'INTERNAL' } },
  ]);
});

test('the policy holds back the words and details of a subgraph', () => {
  const policy = { subgraphs: { errors: { courses: { messages: false } } } };
  expect(masked({ code: 'FORBIDDEN', details: { a: 1 } }, policy)).toEqual([
    { message: 'You may not do this.', extensions: { code: 'FORBIDDEN' } },
  ]);
});

test('developers are told which subgraph an error comes from, and nobody else is', () => {
  const policy = { developers: { services: true } };
  expect(masked({ code: 'FORBIDDEN' }, policy)).toMatchObject([{ extensions: { service: 'courses' } }]);
  expect(masked({ code: 'X' }, policy)).toMatchObject([{ extensions: { code: 'INTERNAL', service: 'courses' } }]);
  expect(masked({ code: 'FORBIDDEN' })?.[0]?.extensions).not.toHaveProperty('service');
});
