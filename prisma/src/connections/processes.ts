/**
 * Which databases each kind of process works with, and what for. Pools are opened by it, and the budget adds them up.
 */
import type { Domain } from '../domain.ts';
import type { Workload } from './pools.ts';

type Workloads = readonly [Workload, ...Workload[]];

/** The first workload of each also asks the servers how they are. */
export const WORKLOADS_OF = {
  users: { users: ['read', 'write', 'realtime'] },
  courses: { courses: ['read', 'write'] },
  progress: { progress: ['read', 'write', 'realtime'] },
  ai: { ai: ['read', 'write', 'realtime'] },
  /** Jobs of `ai`; of the others it settles claims. */
  worker: { ai: ['ai'], users: ['ai'], courses: ['ai'] },
} as const satisfies Record<string, Partial<Record<Domain, Workloads>>>;

export type ProcessKind = keyof typeof WORKLOADS_OF;

/** Of a command or a test. */
const OTHERS: Workloads = ['read', 'write'];

export function workloadsOf(process: ProcessKind | undefined, domain: Domain): Workloads {
  if (process === undefined) return OTHERS;
  const all: Partial<Record<Domain, Workloads>> = WORKLOADS_OF[process];
  const found = all[domain];
  if (!found) throw new Error(`Processes of the kind ${process} have no part in the databases of ${domain}.`);
  return found;
}
