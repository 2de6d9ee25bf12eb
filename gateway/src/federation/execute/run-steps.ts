/**
 * Walks the steps of a compiled plan: in order, at the same time, or by a condition.
 */
import type { Step } from '../compile/compile-plan.ts';
import type { Execution } from './execution.ts';
import { runFetch } from './run-fetch.ts';

/** Never rejects for what a subgraph does. */
export async function runSteps(step: Step | undefined, execution: Execution): Promise<void> {
  switch (step?.kind) {
    case 'fetch':
      return await runFetch(step, execution);
    case 'sequence':
      for (const next of step.steps) await runSteps(next, execution);
      return;
    case 'parallel':
      await Promise.all(step.steps.map((next) => runSteps(next, execution)));
      return;
    case 'condition':
      return await runSteps(execution.variables[step.variable] ? step.yes : step.no, execution);
  }
}
