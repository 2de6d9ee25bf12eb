import type { FetchNode, PlanNode } from '@apollo/query-planner';
import { createLogger, LyceumError } from '@lyceum/service-kit';
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import type { AskedFields } from '../compile/asked-fields.ts';
import type { CompiledOperation } from '../compile/compile-operation.ts';
import { compilePlan, fetchesOf } from '../compile/compile-plan.ts';
import { sharedAnswers } from '../compile/sharing.ts';
import { createTypeTest } from '../compile/type-conditions.ts';
import type { SubgraphResponse } from '../subgraph-client.ts';
import { Deferral } from './deferral.ts';
import { beginExecution } from './execution.ts';
import { runSteps } from './run-steps.ts';

const schema = buildSchema('type P { id: ID } type Query { p: P }');
const isA = createTypeTest(schema);
const urls = new Map([
  ['one', 'http://one/'],
  ['two', 'http://two/'],
]);

const root = (operation: string, more: Partial<FetchNode> = {}): PlanNode => ({
  kind: 'Fetch',
  serviceName: 'one',
  operation,
  operationName: undefined,
  operationKind: 'query' as FetchNode['operationKind'],
  ...more,
});
const key = (name: string) => ({ kind: 'Field' as const, name });
const people = (path: string[], fields: string, more: Partial<FetchNode> = {}): PlanNode => ({
  kind: 'Flatten',
  path,
  node: root(`query($representations:[_Any!]!){_entities(representations:$representations){...on P{${fields}}}}`, {
    serviceName: 'two',
    requires: [{ kind: 'InlineFragment', typeCondition: 'P', selections: [key('__typename'), key('id')] }],
    ...more,
  }),
});
const sequence = (...nodes: PlanNode[]): PlanNode => ({ kind: 'Sequence', nodes });
const p = (id: string) => ({ __typename: 'P', id });

const NO_RULES = { types: new Map(), subgraphs: new Map(), implementations: new Map() };
const ANYTHING: AskedFields = { below: () => ANYTHING };

const compile = (plan: PlanNode) =>
  compilePlan(plan, { subgraphUrls: urls, isA, required: new Map(), owners: new Map(), rules: NO_RULES });

/** Answers come from a script, in the order of the fetches. */
async function run(plan: PlanNode, answers: (SubgraphResponse | Error)[], variables = {}, signal?: AbortSignal) {
  const steps = compile(plan);
  const asked: { subgraph: string; body: { variables: Record<string, unknown> } }[] = [];
  const compiled: CompiledOperation = {
    steps,
    joined: new Set<never>(),
    shared: sharedAnswers(fetchesOf(steps)),
    clientNames: new Map([['_0', 'mine']]),
    asked: ANYTHING,
    isObjectType: (name) => name === 'P',
    projection: { project: () => null },
  };
  const execution = beginExecution({
    compiled,
    variables,
    scope: { requestId: 'r', viewer: null, signal: signal ?? new AbortController().signal },
    log: createLogger('test', { level: 'silent' }),
    async fetch(subgraph, _url, request) {
      asked.push({ subgraph, body: JSON.parse(request.body ?? '') });
      expect(request.variables).toEqual(asked.at(-1)?.body.variables);
      const answer = answers[asked.length - 1];
      if (!answer || answer instanceof Error) throw answer ?? new Error('not scripted');
      return answer;
    },
  });
  await runSteps(steps, execution);
  const errors = execution.errors.map(({ message, path, extensions }) => [path?.join('.'), message, extensions.code]);
  return { data: execution.data, errors, asked, execution };
}

const list = { data: { list: [p('1'), p('2'), null, p('1')] } };

test('equal representations are sent once, and the answer reaches every place', async () => {
  const { data, asked, errors } = await run(
    sequence(root('{list{__typename id}}'), people(['list', '@'], 'name at{x}')),
    [list, { data: { _entities: [{ name: 'a', at: { x: 1 } }, { name: 'b' }] } }],
  );
  expect(asked[1]?.body.variables).toEqual({ representations: [p('1'), p('2')] });
  expect(data.list).toEqual([
    { ...p('1'), name: 'a', at: { x: 1 } },
    { ...p('2'), name: 'b' },
    null,
    { ...p('1'), name: 'a', at: { x: 1 } },
  ]);
  expect(errors).toEqual([]);
});

test('a shared answer is copied where another fetch adds to it by a key of its own', async () => {
  const nameless = people(['list', '@'], 'at{x}');
  const byName = people(['list', '@'], 'at{y}', { requires: [key('__typename'), key('name')] });
  const first = {
    data: {
      list: [
        { ...p('1'), name: 'a' },
        { ...p('1'), name: 'b' },
      ],
    },
  };
  const { data } = await run(sequence(root('{list{__typename id name}}'), nameless, byName), [
    first,
    { data: { _entities: [{ at: { x: 1 } }] } },
    { data: { _entities: [{ at: { y: 2 } }, { at: { y: 3 } }] } },
  ]);
  expect(data.list).toMatchObject([{ at: { x: 1, y: 2 } }, { at: { x: 1, y: 3 } }]);
});

test('only variables that are used and given are sent', async () => {
  const { asked } = await run(root('query($a:Int$b:Int){list{id}}', { variableUsages: ['a', 'b'] }), [list], {
    a: null,
    c: 1,
  });
  expect(asked[0]?.body).toEqual({ query: 'query($a:Int$b:Int){list{id}}', variables: { a: null } });
});

test('an error of an entity is told at each of its places, in the names of the client', async () => {
  const { errors } = await run(
    sequence(
      root('{_0:list{__typename id}}'),
      people(['_0', '@'], 'friends{name__alias_0:name}', {
        outputRewrites: [{ kind: 'KeyRenamer', path: ['friends', 'name__alias_0'], renameKeyTo: 'name' }],
      }),
    ),
    [
      { data: { _0: list.data.list } },
      {
        data: { _entities: [{ friends: [null] }, {}] },
        errors: [
          { message: 'no', path: ['_entities', 0, 'friends', 0, 'name__alias_0'], extensions: { code: 'X' } },
          { message: 'all', path: ['_entities', 1] },
        ],
      },
    ],
  );
  expect(errors).toEqual([
    ['mine.0.friends.0.name', 'no', 'X'],
    ['mine.3.friends.0.name', 'no', 'X'],
    ['mine.1.friends', 'all', undefined],
  ]);
});

test('a subgraph that does not answer costs its own fields, with one error for each', async () => {
  const down = new LyceumError('SUBGRAPH_UNAVAILABLE');
  const code = 'SUBGRAPH_UNAVAILABLE';
  const roots = await run({ kind: 'Parallel', nodes: [root('{a b{c}}'), root('{d}')] }, [down, { data: { d: 1 } }]);
  expect(roots.data).toEqual({ d: 1 });
  expect(roots.errors).toEqual([
    ['a', down.message, code],
    ['b', down.message, code],
  ]);
  const plan = sequence(root('{list{__typename id}}'), people(['list', '@'], 'name'), people(['list', '@'], 'a b'));
  const entities = await run(plan, [list, down, down]);
  expect(entities.errors).toEqual([
    ['list.0.name', down.message, code],
    ['list.0.a', down.message, code],
    ['list.0.b', down.message, code],
  ]);
  expect([...entities.execution.failed.values()].map((keys) => [...keys])).toEqual([
    ['name', 'a', 'b'],
    ['name', 'a', 'b'],
    ['name', 'a', 'b'],
  ]);
});

test('an answer of the wrong shape is a subgraph that does not answer', async () => {
  const plan = sequence(root('{list{__typename id}}'), people(['list', '@'], 'name'));
  const wrong: SubgraphResponse[] = [
    { data: null },
    { data: { _entities: null } },
    { data: { _entities: [{}] } },
    { data: { _entities: 'x' } },
    { data: 'x' as never },
  ];
  for (const answer of wrong) {
    const { errors, data } = await run(plan, [structuredClone(list), answer]);
    expect(errors).toMatchObject([['list.0.name', expect.any(String), 'SUBGRAPH_UNAVAILABLE']]);
    expect(data).toEqual(list.data);
  }
  const odd = await run(root('{a}'), [{ data: { a: null }, errors: [7, { message: '', path: 'a' }] as never }]);
  expect(odd.errors.map(([path]) => path)).toEqual(['a']);
});

test('an entity that its subgraph does not show is noted, and nothing is asked about it that it lacks', async () => {
  const needsName = people(['list', '@'], 'badge', { requires: [key('__typename'), key('name')] });
  const { asked, execution, errors } = await run(
    sequence(root('{list{__typename id}}'), people(['list', '@'], 'name'), needsName),
    [{ data: { list: [p('1')] } }, { data: { _entities: [null] } }],
  );
  expect(asked).toHaveLength(2);
  expect(errors).toEqual([]);
  expect([...execution.unseen.values()].map((keys) => [...keys])).toEqual([['name', 'badge']]);
});

test('a condition decides which way a plan goes', async () => {
  const plan: PlanNode = { kind: 'Condition', condition: 'x', ifClause: root('{a}'), elseClause: root('{b}') };
  expect((await run(plan, [{ data: { a: 1 } }], { x: true })).data).toEqual({ a: 1 });
  expect((await run(plan, [{ data: { b: 1 } }], { x: false })).data).toEqual({ b: 1 });
});

test('each context of an argument is asked for with its own value', async () => {
  const plan = sequence(
    root('{teams{lang people{__typename id}}}'),
    people(['teams', '@', 'people', '@'], 'greeting', {
      variableUsages: ['c0'],
      contextRewrites: [{ kind: 'KeyRenamer', path: ['..', 'lang'], renameKeyTo: 'c0' }],
    }),
  );
  const { asked, data } = await run(plan, [
    {
      data: {
        teams: [
          { lang: 'de', people: [p('1')] },
          { lang: 'pl', people: [p('1'), p('2')] },
        ],
      },
    },
    { data: { _entities: [{ greeting: 'Hallo' }] } },
    { data: { _entities: [{ greeting: 'Cześć' }, { greeting: 'Hej' }] } },
  ]);
  expect(asked.slice(1).map(({ body }) => body.variables)).toEqual([
    { representations: [p('1')], c0: 'de' },
    { representations: [p('1'), p('2')], c0: 'pl' },
  ]);
  expect(data).toMatchObject({
    teams: [{ people: [{ greeting: 'Hallo' }] }, { people: [{ greeting: 'Cześć' }, { greeting: 'Hej' }] }],
  });
});

test('nothing is asked of subgraphs once nobody waits', async () => {
  const { asked, errors } = await run(root('{a}'), [], {}, AbortSignal.abort());
  expect(asked).toEqual([]);
  expect(errors).toMatchObject([['a', expect.any(String), 'SUBGRAPH_UNAVAILABLE']]);
});

test('a deferred block that waits for a fetch waits for all the parts that it is run in', async () => {
  const { execution } = await run(root('{a}'), [{ data: { a: 1 } }]);
  const parts = compile({ kind: 'Parallel', nodes: [root('{a}'), root('{b}')] });
  const [quick, slow] = [Promise.withResolvers<SubgraphResponse>(), Promise.withResolvers<SubgraphResponse>()];
  const deferral = new Deferral();
  const fetch = ({ query }: { query: string }) => (query === '{a}' ? quick : slow).promise;
  if (parts.kind !== 'parallel') expect.fail();
  const running = runSteps(
    { ...parts, id: 'f' },
    { ...execution, deferral, fetch: (_s, _u, request) => fetch(request) },
  );
  let ended = false;
  const waiting = deferral.whenFetched(['f']).then(() => {
    ended = true;
  });
  quick.resolve({ data: { a: 2 } });
  await new Promise(setImmediate);
  expect(ended).toBe(false);
  slow.resolve({ data: { b: 2 } });
  await Promise.all([running, waiting]);
  expect(execution.data).toEqual({ a: 2, b: 2 });
});
