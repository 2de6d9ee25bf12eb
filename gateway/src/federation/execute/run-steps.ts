/**
 * Walks the steps of a compiled plan: in order, at the same time, or by a condition.
 */
import type { Step } from '../compile/compile-plan.ts';
import type { Execution } from './execution.ts';
import { runFetch } from './run-fetch.ts';

/** Undefined if there is nothing to wait for. Never rejects for what a subgraph does. */
export function runSteps(step: Step | undefined, execution: Execution): Promise<void> | undefined {
  switch (step?.kind) {
    case 'fetch':
      return runFetch(step, execution);
    case 'sequence':
      return runInOrder(step.steps, execution);
    case 'parallel':
      return runTogether(step.steps, execution);
    case 'condition':
      return runSteps(execution.variables[step.variable] ? step.yes : step.no, execution);
    default:
      return undefined;
  }
}

async function runInOrder(steps: readonly Step[], execution: Execution): Promise<void> {
  for (const step of steps) {
    const running = runSteps(step, execution);
    if (running) await running;
  }
}

async function runTogether(steps: readonly Step[], execution: Execution): Promise<void> {
  await Promise.all(steps.map((step) => runSteps(step, execution)));
}
