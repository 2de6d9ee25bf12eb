/**
 * One subgraph as it is asked: its instances, the choice among them, and what all of them share.
 *
 * Fetches go to the instance that has the fewest outstanding. With several instances each is asked from time to time
 * whether it answers; one that does not is left out until it does, unless no other is left. The check goes through the
 * breaker, so that it and not a learner's request tries an instance that was away.
 */
import type { Ticket } from './breaker.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { Instance, type InstanceOptions } from './instance.ts';
import { createLatencies, type Latencies } from './latencies.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

export interface TargetOptions extends Omit<InstanceOptions, 'url'> {
  readonly url: string;
  /** Whether the instance answers. Never rejects and comes to an end. */
  readonly ping: (admission: Admission) => Promise<boolean>;
}

export interface Admission {
  readonly instance: Instance;
  readonly ticket: Ticket;
}

export class Target {
  readonly subgraph: string;
  readonly instances: readonly Instance[];
  readonly budget: RetryBudget;
  readonly latencies: Latencies = createLatencies();
  readonly inFlight: InFlight = createInFlight();
  lastUsed = 0;
  readonly #ping: TargetOptions['ping'];
  readonly #healthChecks: NodeJS.Timeout | undefined;

  constructor({ url, ping, ...options }: TargetOptions) {
    const { settings, subgraph } = options;
    this.subgraph = subgraph;
    this.#ping = ping;
    this.instances = addressesOf(url).map((address) => new Instance({ ...options, url: address }));
    this.budget = createRetryBudget(settings.retries.budgetBurst);
    if (this.instances.length > 1) {
      this.#healthChecks = setInterval(() => void this.#check(), settings.healthChecks.everyMs);
      this.#healthChecks.unref();
    }
  }

  /** Undefined when every breaker is open. A second try goes elsewhere where there is an elsewhere. */
  choose(except?: Instance): Admission | undefined {
    const [only] = this.instances;
    if (this.instances.length === 1) return admissionTo(only);
    const rank = (instance: Instance) =>
      instance.outstanding + (instance.healthy ? 0 : UNHEALTHY) + (instance === except ? ALREADY_TRIED : 0);
    // Equal ones take turns.
    const order = [...this.instances].sort((a, b) => rank(a) - rank(b) || a.lastChosen - b.lastChosen);
    for (const instance of order) {
      const admission = admissionTo(instance);
      if (admission) return admission;
    }
    return undefined;
  }

  /** Whether any instance answers, asked past the breakers. One that does is left alone no longer. */
  async answers(): Promise<boolean> {
    const answers = await Promise.all(
      this.instances.map((instance) => this.#ping({ instance, ticket: instance.revival })),
    );
    return answers.includes(true);
  }

  get outstanding(): number {
    return this.instances.reduce((sum, { outstanding }) => sum + outstanding, 0);
  }

  async close(): Promise<void> {
    clearInterval(this.#healthChecks);
    await Promise.all(this.instances.map(({ pool }) => pool.close()));
  }

  async #check(): Promise<void> {
    await Promise.all(
      this.instances.map(async (instance) => {
        const ticket = instance.admit();
        if (!ticket) return;
        instance.healthy = await this.#ping({ instance, ticket });
      }),
    );
  }
}

const UNHEALTHY = 1e6;
const ALREADY_TRIED = 1e9;
let chosen = 0;

function admissionTo(instance: Instance | undefined): Admission | undefined {
  const ticket = instance?.admit();
  if (!instance || !ticket) return undefined;
  chosen += 1;
  instance.lastChosen = chosen;
  return { instance, ticket };
}

/** A subgraph's address may be a list of instances. */
export function addressesOf(url: string): readonly string[] {
  return url.split(',').map((address) => address.trim());
}
