/**
 * `npm run differential -- --count N --seed S`: random operations through the engine and on one schema, compared.
 *
 * `--family name` (again and again) keeps to some families; `--keep N` goes on after differences, up to N of them.
 * `--defer` puts `@defer` into the operations: parts that are put together again must equal the whole answer.
 * The last line is one JSON object; the exit code is 0 only if there was no difference.
 */
import { parseArgs } from 'node:util';
import { createDifferential, describe } from './differential.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    family: { type: 'string', multiple: true },
    defer: { type: 'boolean', default: false },
    keep: { type: 'string', default: '5' },
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
const keep = Number(values.keep);

const started = performance.now();
const differential = createDifferential(seed, values.family, { defer: values.defer });
const seconds = () => Math.round((performance.now() - started) / 100) / 10;
console.log(`${count} operations over ${differential.rigs.length} families, seed ${seed}`);

let told = started;
for (let n = 0; n < count && differential.figures.differences < keep; n += 1) {
  const counterexample = await differential.check(n);
  if (counterexample) console.log(`\nDifference in case ${n} of seed ${seed}:\n${describe(counterexample)}\n`);
  if (performance.now() - told > 2_000) {
    told = performance.now();
    const { operations, fetches, withErrors, differences } = differential.figures;
    console.log(
      `${operations}/${count} operations, ${fetches} fetches, ${withErrors} with errors, ${differences} differences, ${seconds()} s`,
    );
  }
}

const { figures } = differential;
const holds = figures.differences === 0 && figures.operations === count;
console.log(JSON.stringify({ name: 'differential', holds, seed, ...figures, seconds: seconds() }));
process.exitCode = holds ? 0 : 1;
