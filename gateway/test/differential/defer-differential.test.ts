/**
 * A short run of `npm run differential -- --defer`. A failure prints all that is needed to see it again.
 */
import { expect, test } from 'vitest';
import { createDifferential, describe as tell } from './differential.ts';

const SEED = 20_220_824;
const COUNT = 400;

test(`the parts of ${COUNT} random operations, put together, are the whole answers (seed ${SEED})`, async () => {
  const differential = createDifferential(SEED, undefined, { defer: true });
  console.log(`differential: ${COUNT} operations in parts, seed ${SEED}`);
  for (let n = 0; n < COUNT; n += 1) {
    const counterexample = await differential.check(n);
    if (counterexample) expect.fail(tell(counterexample));
  }
  expect(differential.figures).toMatchObject({ operations: COUNT, differences: 0 });
  expect(differential.figures.inParts).toBeGreaterThan(COUNT / 3);
  expect(differential.figures.withErrors).toBeGreaterThan(COUNT / 20);
});
