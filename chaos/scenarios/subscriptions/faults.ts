/**
 * What breaks between a commit and a socket, and is mended again. Each takes as long as the mending.
 */
import { until } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';
import type { Gateway, LearningStack } from './stack.ts';

export interface Fault {
  readonly name: string;
  make(stack: LearningStack): Promise<void>;
}

/** How long a server stays away before it is started again. */
const DOWN_MS = 1_000;
const SWAP_MS = 60_000;

const SINGLE_FAULTS: readonly Fault[] = [
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

export const FAULTS: readonly Fault[] = [
  ...SINGLE_FAULTS,
  {
    name: 'all of it at once',
    async make(stack) {
      await Promise.all(SINGLE_FAULTS.map((fault) => fault.make(stack)));
    },
  },
];

async function untilServed({ client, url }: Gateway, version: string): Promise<void> {
  const isServed = async () => {
    const supergraph = await client.supergraph().catch(() => null);
    return supergraph?.version === version;
  };
  if (!(await until(isServed, SWAP_MS, 50))) throw new Error(`${url} does not serve ${version}`);
}
