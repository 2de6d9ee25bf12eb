import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const LIMIT_MS = 240_000;
/** So many graphs or plans that were kept would be a multiple. `npm run chaos -- memory` swaps 1,000 in a real process. */
const BOUND_MB = 5;

test(
  'memory is flat over 10,000 distinct operations and over 300 supergraph swaps',
  async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', '--max-old-space-size=256', join(import.meta.dirname, 'measure.ts'), '--swaps', '300'],
      { timeout: LIMIT_MS },
    );
    const { documentsGrowthMb, swapsGrowthMb } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(documentsGrowthMb, stdout).toBeLessThan(BOUND_MB);
    expect(swapsGrowthMb, stdout).toBeLessThan(BOUND_MB);
  },
  LIMIT_MS,
);
