/**
 * Walks the steps of a compiled plan: in order, at the same time, by a condition, or beside the first answer.
 */
import type { DeferredBlock, DeferStep, Step } from '../compile/compile-plan.ts';
import type { Execution } from './execution.ts';
import { runFetch } from './run-fetch.ts';

/** Undefined if there is nothing to wait for. Never rejects for what a subgraph does. Deferred blocks may go on after it. */
export function runSteps(step: Step | undefined, execution: Execution): Promise<void> | undefined {
  switch (step?.kind) {
    case 'fetch':
      return awaited(step.id, runFetch(step, execution), execution);
    case 'sequence':
      return runInOrder(step.steps, execution);
    case 'parallel':
      return awaited(step.id, runTogether(step.steps, execution), execution);
    case 'condition':
      return runSteps(execution.variables[step.variable] ? step.yes : step.no, execution);
    case 'defer':
      return runDeferring(step, execution);
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

/** Deferred blocks may wait for a fetch that has an id. */
function awaited(
  id: string | undefined,
  running: Promise<void> | undefined,
  { deferral }: Execution,
): Promise<void> | undefined {
  if (id === undefined || !deferral) return running;
  return Promise.resolve(running).then(() => deferral.fetchEnded(id));
}

async function runDeferring({ primary, blocks }: DeferStep, execution: Execution): Promise<void> {
  const first = runSteps(primary, execution);
  const before = Promise.all([execution.before, first]);
  // Only some blocks wait for it; whoever began the primary steps is told of their faults.
  before.catch(() => {});
  for (const block of blocks) execution.deferral?.run(block.label, runBlock(block, { ...execution, before }));
  await first;
}

/** A block has errors of its own; what is known of the data is common to all. */
async function runBlock({ label, depends, step }: DeferredBlock, execution: Execution): Promise<void> {
  const { deferral, errors: before } = execution;
  await (depends ? deferral?.whenFetched(depends) : execution.before);
  const errors = [...before];
  const inherited = errors.length;
  const block = {
    label,
    above: execution.block,
    get errors() {
      return errors.slice(inherited);
    },
  };
  deferral?.begun(block);
  await runSteps(step, { ...execution, errors, told: new Set(), block });
}
