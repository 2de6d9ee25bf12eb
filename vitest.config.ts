/**
 * Two kinds of tests. Unit tests stand beside the source and need nothing. Integration tests and stories use a real stack,
 * of which the global setup boots one for each file that may run at a time: a test may hold a replica back.
 *
 * Modules run in Node itself, without a transform: what is tested is what `node src/main.ts` runs.
 */
import { defineConfig } from 'vitest/config';

const ignored = ['**/node_modules/**', '**/.lyceum/**'];
/** Asks subgraphs in this process alone. */
const specification = 'gateway/test/specification/**/*.test.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    experimental: { viteModuleRunner: false },
    projects: [
      {
        test: {
          name: 'unit',
          expect: { poll: { timeout: 15_000 } },
          include: ['**/src/**/*.test.ts', '{tools,chaos}/**/*.test.ts', 'prisma/seed/**/*.test.ts', specification],
          exclude: [...ignored, 'tools/test/**'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          expect: { poll: { timeout: 15_000 } },
          include: ['**/test/**/*.test.ts', 'e2e/**/*.test.ts'],
          exclude: [...ignored, specification],
          globalSetup: ['packages/testing/src/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
