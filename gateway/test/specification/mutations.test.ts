/**
 * Mutations (6.2.2): root fields run one after the other, each once and with all that is asked below it, across subgraphs.
 */
import { expect, test } from 'vitest';
import { Fault } from '../differential/world.ts';
import { createSubject, paths, type Values } from './subject.ts';

const BANK = `
  type Account @key(fields: "id") { id: ID! balance: Int owner: Owner }
  type Owner @key(fields: "id") { id: ID! name: String! }
  type Query { account: Account }
  type Mutation { pay(amount: Int! = 1): Account mustPay(amount: Int!): Account! fail: Int mustFail: Int! }`;
const DIARY = `
  type Account @key(fields: "id") { id: ID! history: [String!]! last: String must: String! }
  type Owner @key(fields: "id") { id: ID! seen: Int }
  type Query { today: String }
  type Mutation { note(text: String): [String!]! stamp: Account mustStamp: Account! }`;

/** What every mutation so far has done can be read from each account. */
let journals: string[][] = [];

function values(): Values {
  const journal: string[] = [];
  journals.push(journal);
  let balance = 0;
  const owner = { __typename: 'Owner', id: '1', name: 'Ada', seen: () => journal.length };
  const account = {
    __typename: 'Account',
    id: '1',
    balance: () => balance,
    owner,
    history: () => [...journal],
    last: () => journal.at(-1) ?? null,
    must: () => (journal.length > 2 ? null : 'few'),
  };
  const pay = ({ amount }: { amount: number }) => {
    journal.push(`pay ${amount}`);
    balance += amount;
    return account;
  };
  const stamp = () => {
    journal.push('stamp');
    return account;
  };
  const fail = () => {
    journal.push('fail');
    throw new Fault('here');
  };
  const note = ({ text }: { text?: string }) => {
    journal.push(`note ${text}`);
    return [...journal];
  };
  const root = { account, today: 'Saturday', pay, mustPay: pay, fail, mustFail: fail, note, stamp, mustStamp: stamp };
  return { root, entities: { 'Account-1': account, 'Owner-1': owner } };
}

const bank = createSubject({ bank: BANK, diary: DIARY }, values);

/** The answer, and what was done: the same behind one schema, strict and raw subgraphs. */
async function done(source: string, variables?: Record<string, unknown>) {
  journals = [];
  const answer = await bank.answer(source, { variables });
  const [first, ...others] = journals;
  for (const journal of others) expect(journal).toStrictEqual(first);
  return { answer, data: JSON.stringify(answer.data), journal: first };
}

test('fields of one subgraph run in the order of the operation', async () => {
  const { data } = await done(
    'mutation { a: pay(amount: 1) { balance } b: pay(amount: 10) { balance } c: pay { balance } }',
  );
  expect(data).toBe('{"a":{"balance":1},"b":{"balance":11},"c":{"balance":12}}');
});

test('fields of several subgraphs run in the order of the operation', async () => {
  const { data, journal } = await done(
    'mutation { note(text: "x") pay { balance } stamp { last } again: pay(amount: 2) { balance } }',
  );
  expect(journal).toStrictEqual(['note x', 'pay 1', 'stamp', 'pay 2']);
  expect(data).toBe('{"note":["note x"],"pay":{"balance":1},"stamp":{"last":"stamp"},"again":{"balance":3}}');
});

test('a field is complete before the next one begins, with what other subgraphs say of it', async () => {
  const { data } = await done(
    'mutation { note(text: "x") pay { history owner { seen } } stamp { balance } b: pay(amount: 5) { last balance } n: note }',
  );
  expect(data).toBe(
    '{"note":["note x"],"pay":{"history":["note x","pay 1"],"owner":{"seen":2}},"stamp":{"balance":1},"b":{"last":"pay 5","balance":6},"n":["note x","pay 1","stamp","pay 5","note undefined"]}',
  );
});

test('fields in fragments, named and inline, run where the fragment stands', async () => {
  const { journal } = await done(
    `mutation { note(text: "1") ...F pay(amount: 4) { id } } fragment F on Mutation { pay2: pay(amount: 2) { history } ... { note3: note(text: "3") } }`,
  );
  expect(journal).toStrictEqual(['note 1', 'pay 2', 'note 3', 'pay 4']);
});

test('one response name is one field: it runs once, where it is named first', async () => {
  const { data, journal } = await done(
    'mutation { pay { balance } note(text: "x") pay { last } ... { pay { owner { name } } } }',
  );
  expect(journal).toStrictEqual(['pay 1', 'note x']);
  expect(data).toBe('{"pay":{"balance":1,"last":"pay 1","owner":{"name":"Ada"}},"note":["pay 1","note x"]}');
});

test.each([true, false])('a field that a condition leaves out does not run (%s)', async (v) => {
  const { journal } = await done(
    'mutation ($v: Boolean!) { note(text: "1") pay @include(if: $v) { history } ... @skip(if: $v) { stamp { balance } } last: note(text: "2") }',
    { v },
  );
  expect(journal).toStrictEqual(['note 1', v ? 'pay 1' : 'stamp', 'note 2']);
});

test('a condition below a field changes nothing about how often it runs', async () => {
  for (const v of [true, false]) {
    const { journal } = await done(
      'mutation ($v: Boolean!) { pay { balance @skip(if: $v) history @include(if: $v) } stamp { id } }',
      { v },
    );
    expect(journal).toStrictEqual(['pay 1', 'stamp']);
  }
});

test('an error in a field that may be null lets the next ones run (6.4.4)', async () => {
  const { answer, journal } = await done('mutation { note(text: "1") fail stamp { balance } }');
  expect(journal).toStrictEqual(['note 1', 'fail', 'stamp']);
  expect(answer.data).toStrictEqual({ note: ['note 1'], fail: null, stamp: { balance: 0 } });
  expect(paths(answer)).toStrictEqual([['fail']]);
});

test('an error in what another subgraph says of a mutation lets the next ones run (6.4.4)', async () => {
  const { answer, journal } = await done(
    'mutation { note(text: "1") a: note(text: "2") pay { balance must } stamp { id } }',
  );
  expect(journal).toStrictEqual(['note 1', 'note 2', 'pay 1', 'stamp']);
  expect(answer.data).toStrictEqual({ note: ['note 1'], a: ['note 1', 'note 2'], pay: null, stamp: { id: '1' } });
  expect(paths(answer)).toStrictEqual([['pay', 'must']]);
});

test('an error in a field that may not be null makes the data null (6.4.4)', async () => {
  const answer = await bank.answer('mutation { note(text: "1") mustFail }');
  expect(answer.data).toBeNull();
  expect(paths(answer)).toStrictEqual([['mustFail']]);
  const across = await bank.answer('mutation { note(text: "1") a: note a2: note mustPay(amount: 1) { must } }');
  expect(across.data).toBeNull();
  expect(paths(across)).toStrictEqual([['mustPay', 'must']]);
});

test('the type of the root is Mutation, wherever it is asked', async () => {
  const { data } = await done('mutation { __typename pay { __typename } t: __typename }');
  expect(data).toBe('{"__typename":"Mutation","pay":{"__typename":"Account"},"t":"Mutation"}');
});

test('introspection is of queries: beside a mutation it is refused, and nothing happens (4.2)', async () => {
  const { answer, journal } = await done('mutation { pay { balance } __schema { mutationType { name } } }');
  expect('data' in answer).toBe(false);
  expect(journal).toStrictEqual([]);
});

test('root fields of a query may run at the same time, and each is right', async () => {
  expect((await done('{ today account { balance history last } }')).data).toBe(
    '{"today":"Saturday","account":{"balance":0,"history":[],"last":null}}',
  );
});
