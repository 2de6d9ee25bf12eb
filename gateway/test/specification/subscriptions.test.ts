/**
 * Subscriptions (6.2.3): what one event becomes. Each is executed like a query, with the event for its root.
 */
import { describe, expect, test } from 'vitest';
import { Fault } from '../differential/world.ts';
import { people } from './people.ts';
import { paths } from './subject.ts';

const person = (id: string, more: object = {}) => ({ __typename: 'Person', id, ...more });
const ada = { name: 'Ada', age: 36, email: 'ada@example.org' };
const broken = () => {
  throw new Fault('here');
};

describe('6.2.3.2 response stream', () => {
  test('an event is a whole response, in the order of the operation, completed by other subgraphs', async () => {
    const answer = await people().event('subscription { met { age name id email } }', { met: person('1', ada) });
    expect(JSON.stringify(answer)).toBe('{"data":{"met":{"age":36,"name":"Ada","id":"1","email":"ada@example.org"}}}');
  });

  test('aliases, fragments and the type of the root are as in a query', async () => {
    const answer = await people().event(
      'subscription { someone: met { ...F t: __typename } } fragment F on Being { n: name ... on Person { years: age } }',
      { met: person('1', ada) },
    );
    expect(JSON.stringify(answer)).toBe('{"data":{"someone":{"n":"Ada","years":36,"t":"Person"}}}');
  });

  test.each([true, false])('@skip and @include follow the variables it was asked with (%s)', async (v) => {
    const answer = await people().event(
      'subscription ($v: Boolean!) { met { id age @include(if: $v) name @skip(if: $v) } }',
      { met: person('1', ada) },
      { variables: { v } },
    );
    expect(answer).toStrictEqual({ data: { met: v ? { id: '1', age: 36 } : { id: '1', name: 'Ada' } } });
  });

  test('variables reach the subgraph of the event and those that complete it', async () => {
    const met = ({ id }: { id: string }) => person(id, { ...ada, tags: ({ of }: { of: string }) => ({ of }) });
    const answer = await people({}).event(
      'subscription ($id: ID, $of: String) { met(id: $id) { id tags(of: $of) } }',
      { met },
      { variables: { id: '1', of: 'x' } },
    );
    expect(answer).toStrictEqual({ data: { met: { id: '1', tags: { of: 'x' } } } });
  });

  test('an event without its object is null, not an end', async () => {
    expect(await people().event('subscription { met { id age } }', { met: null })).toStrictEqual({
      data: { met: null },
    });
  });
});

describe('6.4.4 in events', () => {
  test('an error of the event costs its field', async () => {
    const answer = await people().event('subscription { m: met { id n: name age } }', {
      met: person('1', { ...ada, name: broken }),
    });
    expect(answer.data).toStrictEqual({ m: { id: '1', n: null, age: 36 } });
    expect(paths(answer)).toStrictEqual([['m', 'n']]);
  });

  test('a forbidden null in what completes the event costs the object', async () => {
    const answer = await people(({ 'Person-1': known }) => {
      Object.assign(known ?? {}, { email: null });
      return {};
    }).event('subscription { met { name email } }', { met: person('1', { ...ada, email: null }) });
    expect(answer.data).toStrictEqual({ met: null });
    expect(paths(answer)).toStrictEqual([['met', 'email']]);
  });

  test.each([
    ['null', null],
    ['an error', broken],
    ['an object with a forbidden null', { int1: null }],
  ])('where the root field may not be null and is %s, the data of the event is null', async (_what, told) => {
    const answer = await people().event('subscription { told { int1 } }', { told });
    expect(answer.data).toBeNull();
    expect(answer.errors).toHaveLength(1);
  });
});

describe('5.2.3.1 single root field', () => {
  test.each([
    'subscription { met { id } told { int } }',
    'subscription { met { id } other: met { id } }',
    'subscription { ...F } fragment F on Subscription { met { id } told { int } }',
    'subscription { __typename }',
    'subscription { __schema { queryType { name } } }',
    'subscription ($v: Boolean!) { met { id } told @include(if: $v) { int } }',
  ])('%s is refused', async (source) => {
    const answer = await people().event(source, {}, { variables: { v: true } });
    expect('data' in answer).toBe(false);
  });

  test('one field named twice is one', async () => {
    const answer = await people().event(
      'subscription { met { id } ...F } fragment F on Subscription { met { name } }',
      {
        met: person('1', ada),
      },
    );
    expect(answer).toStrictEqual({ data: { met: { id: '1', name: 'Ada' } } });
  });
});
