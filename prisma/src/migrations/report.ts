/**
 * How far each shard came when a run of migrations was stopped by a failure.
 */
import type { Domain } from '../domain.ts';

export interface ShardOutcome {
  readonly shard: string;
  /** `stopped`: begun, and left in good order between two migrations because another shard failed. */
  state: 'done' | 'failed' | 'stopped' | 'not begun';
  /** By this run. */
  readonly applied: string[];
  /** What it failed with. */
  error?: unknown;
}

export class MigrationError extends Error {
  readonly domain: Domain;
  readonly outcomes: readonly ShardOutcome[];

  constructor(domain: Domain, outcomes: readonly ShardOutcome[]) {
    const failures = outcomes.filter(({ state }) => state === 'failed');
    const heads = failures.map(({ shard, error }) => `Migrations of ${domain} on shard ${shard}: ${reasonOf(error)}`);
    super([...heads, ...outcomes.map(describe)].join('\n'), { cause: failures[0]?.error });
    this.name = 'MigrationError';
    this.domain = domain;
    this.outcomes = outcomes;
  }
}

function describe({ shard, state, applied }: ShardOutcome): string {
  const what = applied.length === 0 ? '' : `, applied ${applied.join(', ')}`;
  return `  ${shard}: ${state}${what}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
