/**
 * What breaks between a commit and a socket, and is mended again. Each takes as long as the mending.
 */
import { until } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';
import type { Gateway, LearningStack } from '../../support/learning/stack.ts';

export interface Fault {
  readonly name: string;
  make(stack: LearningStack): Promise<void>;
}

export interface FaultsOptions {
  /** Each is made at least once, in this order, and again while the time lasts. */
  readonly faults: readonly Fault[];
  readonly seconds: number;
  /** Between the end of a fault and the next. */
  readonly recoveryMs: number;
}

/** How long a server stays away before it is started again. */
const DOWN_MS = 1_000;
const SWAP_MS = 60_000;

export const FAULTS: readonly Fault[] = [
  {
    name: 'the progress subgraph is killed and restarted',
    async make({ progress }) {
      await progress.kill();
      await sleep(DOWN_MS);
      await progress.start();
    },
  },
  {
    name: 'Redis is restarted',
    async make({ redis }) {
      await redis.stop();
      await sleep(DOWN_MS);
      await redis.start();
    },
  },
  {
    name: 'a gateway is killed and restarted',
    async make({ gateways }) {
      const gateway = gateways[Math.floor(Math.random() * gateways.length)]!;
      await gateway.kill();
      await sleep(DOWN_MS);
      await gateway.start();
    },
  },
  {
    name: 'the supergraph is swapped',
    async make(stack) {
      const version = await stack.swapSupergraph();
      await Promise.all(stack.gateways.map((gateway) => untilServed(gateway, version)));
    },
  },
];

export const ALL_AT_ONCE: Fault = {
  name: 'all of it at once',
  async make(stack) {
    await Promise.all(FAULTS.map((fault) => fault.make(stack)));
  },
};

/** Returns how many. */
export async function makeFaults(
  stack: LearningStack,
  { faults, seconds, recoveryMs }: FaultsOptions,
  announce: (name: string) => void,
): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  let made = 0;
  for (; made < faults.length || performance.now() < end; made += 1) {
    await sleep(recoveryMs);
    const fault = faults[made % faults.length]!;
    announce(fault.name);
    await fault.make(stack);
  }
  await sleep(recoveryMs);
  return made;
}

async function untilServed({ client, url }: Gateway, version: string): Promise<void> {
  const isServed = async () => {
    const supergraph = await client.supergraph().catch(() => null);
    return supergraph?.version === version;
  };
  if (!(await until(isServed, SWAP_MS, 50))) throw new Error(`${url} does not serve ${version}`);
}
