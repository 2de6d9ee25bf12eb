import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const LIMIT_MS = 120_000;
/** 1,000 swaps of a graph that is kept would be hundreds of megabytes, 10,000 plans that are kept about as much. */
const BOUND_MB = 5;

test('memory is flat over 10,000 distinct operations and over 1,000 supergraph swaps', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '--max-old-space-size=256', join(import.meta.dirname, 'measure.ts')],
    { timeout: LIMIT_MS },
  );
  const { documentsGrowthMb, swapsGrowthMb } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(documentsGrowthMb, stdout).toBeLessThan(BOUND_MB);
  expect(swapsGrowthMb, stdout).toBeLessThan(BOUND_MB);
}, LIMIT_MS);
