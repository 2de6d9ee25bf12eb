/**
 * Every scenario there is. One file or folder each.
 */
import type { Scenario } from '../scenario.ts';
import { failover } from './failover/index.ts';
import { laggingReplica } from './lagging-replica/index.ts';
import { memory } from './memory.ts';
import { moveBuckets } from './move-buckets/index.ts';
import { outbox } from './outbox/index.ts';
import { subgraphFaults } from './subgraph-faults/index.ts';
import { subscriptions } from './subscriptions/index.ts';
import { supergraphSwap } from './supergraph-swap.ts';

export const SCENARIOS: readonly Scenario[] = [
  subgraphFaults,
  supergraphSwap,
  memory,
  subscriptions,
  outbox,
  moveBuckets,
  laggingReplica,
  failover,
];
