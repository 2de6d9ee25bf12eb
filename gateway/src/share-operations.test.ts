import { fixedPolicy } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import type { PlannedOperation } from './federation/plan/plan-operation.ts';
import { Operation, type Outcome } from './pipeline.ts';
import { shareOperations } from './share-operations.ts';

const plan = (operation: 'query' | 'mutation') => ({ operation: { operation } }) as PlannedOperation;
const QUERY = plan('query');

/** The step with executions that end when the test says so. */
function open(operations = true) {
  const executions: { operation: Operation; end: (outcome: Outcome) => void }[] = [];
  let shared = 0;
  const share = shareOperations({
    policy: fixedPolicy({ deduplication: { operations } }),
    scopeOf: ({ request }) => ({
      requestId: request.requestId,
      viewer: null,
      headers: { user: request.header('user') ?? '' },
    }),
    onShare: () => {
      shared += 1;
    },
  });
  return {
    executions,
    shared: () => shared,
    ask(given: { planned?: PlannedOperation; variables?: Record<string, unknown>; user?: string } = {}) {
      const gone = new AbortController();
      const operation = new Operation({
        requestId: String(Math.random()),
        params: {},
        allowed: new Set(),
        takesParts: false,
        header: () => given.user,
        identify: () => ({ viewer: null, expiresAt: null, requestId: null }),
        signal: gone.signal,
      });
      operation.planned = given.planned ?? QUERY;
      operation.variables = given.variables ?? {};
      const answer = Promise.resolve(
        share(operation, (run) => new Promise<Outcome>((end) => executions.push({ operation: run, end }))),
      );
      return { answer, leave: () => gone.abort() };
    },
  };
}

test('equal queries that are under way are run once', async () => {
  const { ask, executions, shared } = open();
  const asked = [ask(), ask(), ask()];
  expect(executions).toHaveLength(1);
  expect(shared()).toBe(2);
  executions[0]?.end({ data: { a: 1 } });
  const answers = await Promise.all(asked.map(({ answer }) => answer));
  expect(answers).toEqual([{ data: { a: 1 } }, { data: { a: 1 } }, { data: { a: 1 } }]);
  void ask();
  expect(executions).toHaveLength(2);
});

test('another plan, other variables and other callers are runs of their own', () => {
  const { ask, executions } = open();
  ask();
  ask({ planned: plan('query') });
  ask({ variables: { a: 1 } });
  ask({ variables: { a: '1' } });
  ask({ user: 'u1' });
  expect(executions).toHaveLength(5);
});

test('mutations are never shared, and nothing is where the policy says so', () => {
  const { ask, executions } = open();
  const planned = plan('mutation');
  ask({ planned });
  ask({ planned });
  expect(executions).toHaveLength(2);
  const off = open(false);
  off.ask();
  off.ask();
  expect(off.executions).toHaveLength(2);
});

test('who has written reads what was written: no query is joined that began before', async () => {
  const { ask, executions } = open();
  const before = ask();
  const writing = ask({ planned: plan('mutation') });
  executions[1]?.end({ data: {} });
  await writing.answer;
  const after = ask();
  expect(executions).toHaveLength(3);
  executions[0]?.end({ data: { value: 'old' } });
  executions[2]?.end({ data: { value: 'new' } });
  expect(await before.answer).toEqual({ data: { value: 'old' } });
  expect(await after.answer).toEqual({ data: { value: 'new' } });
});

test('a caller who leaves costs the others nothing; when all have left, the run is aborted and not joined again', async () => {
  const { ask, executions } = open();
  const [one, other] = [ask(), ask()];
  one.leave();
  expect(executions[0]?.operation.signal.aborted).toBe(false);
  const late = ask();
  expect(executions).toHaveLength(1);
  other.leave();
  late.leave();
  expect(executions[0]?.operation.signal.aborted).toBe(true);
  void ask();
  expect(executions).toHaveLength(2);
});

test('a run that fails fails for all who wait, and is forgotten', async () => {
  const { ask, executions } = open();
  const asked = [ask(), ask()];
  executions[0]?.end(Promise.reject(new Error('broken')) as never);
  for (const { answer } of asked) await expect(answer).rejects.toThrow('broken');
  void ask();
  expect(executions).toHaveLength(2);
});
