import { expect, test } from 'vitest';
import { createPlanningTurns } from './planning-turns.ts';

const busy = (ms: number) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

test('while many operations are planned others get their turn', async () => {
  const turns = createPlanningTurns();
  let planned = 0;
  const all = Promise.all(
    Array.from({ length: 40 }, () =>
      turns.run(() => {
        busy(4);
        planned += 1;
      }),
    ),
  );
  const seen: number[] = [];
  while (planned < 40) {
    await new Promise((done) => setImmediate(done));
    seen.push(planned);
  }
  await all;
  const most = Math.max(...seen.map((now, at) => now - (seen[at - 1] ?? 0)));
  expect(most).toBeLessThanOrEqual(3);
});

test('operations are planned in the order in which they came, and one that fails holds no other up', async () => {
  const turns = createPlanningTurns();
  const order: number[] = [];
  const outcomes = await Promise.allSettled(
    [1, 2, 3].map((n) =>
      turns.run(() => {
        order.push(n);
        if (n === 2) throw new Error('cannot be planned');
        return n;
      }),
    ),
  );
  expect(order).toEqual([1, 2, 3]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('no more than a bounded number of operations wait to be planned', async () => {
  const turns = createPlanningTurns();
  const outcomes = await Promise.allSettled(Array.from({ length: 1_001 }, () => turns.run(() => {})));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([
    { reason: { code: 'SERVICE_UNAVAILABLE' } },
  ]);
});
