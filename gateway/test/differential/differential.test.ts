/**
 * A short run of `npm run differential`. A failure prints all that is needed to see it again.
 */
import { expect, test } from 'vitest';
import { createDifferential, describe as tell } from './differential.ts';

const SEED = 20_261_121;
const COUNT = 1_000;

test(`${COUNT} random operations are answered as one schema would answer them (seed ${SEED})`, async () => {
  const differential = createDifferential(SEED);
  console.log(`differential: ${COUNT} operations, seed ${SEED}`);
  for (let n = 0; n < COUNT; n += 1) {
    const counterexample = await differential.check(n);
    if (counterexample) expect.fail(tell(counterexample));
  }
  expect(differential.figures).toMatchObject({ operations: COUNT, differences: 0 });
  expect(differential.figures.fetches).toBeGreaterThan(COUNT);
  expect(differential.figures.withErrors).toBeGreaterThan(COUNT / 20);
});
