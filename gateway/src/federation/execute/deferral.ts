/**
 * The deferred blocks of one running operation: which fetches have ended, which blocks are under way, and what each met.
 */
import type { GraphQLError } from 'graphql';

/** What a block met. `above` is the block that it is nested in. */
export interface BlockErrors {
  readonly label: string;
  readonly above?: BlockErrors;
  readonly errors: readonly GraphQLError[];
}

export class Deferral {
  readonly #fetches = new Map<string, PromiseWithResolvers<void>>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #begun: BlockErrors[] = [];
  readonly #ended = new Set<string>();

  fetchEnded(id: string): void {
    this.#fetch(id).resolve();
  }

  async whenFetched(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#fetch(id).promise));
  }

  /** Blocks run beside what began them. */
  run(label: string, block: Promise<void>): void {
    const ended = block.then(() => {
      this.#ended.add(label);
    });
    // Whoever waits for the block is told; nobody may.
    ended.catch(() => {});
    this.#underWay.set(label, ended);
  }

  begun(block: BlockErrors): void {
    this.#begun.push(block);
  }

  /** Every block that has begun. */
  get blocks(): readonly BlockErrors[] {
    return this.#begun;
  }

  /** A block that the plan does not have is fetched with what surrounds it. */
  hasEnded(label: string): boolean {
    return this.#ended.has(label) || !this.#underWay.has(label);
  }

  /** Resolves when one of them has ended. Rejects only for a fault of ours. */
  async whenOneHasEnded(labels: Iterable<string>): Promise<void> {
    const waits = [...labels].map((label) => this.#underWay.get(label));
    if (!waits.includes(undefined)) await Promise.race(waits);
  }

  #fetch(id: string): PromiseWithResolvers<void> {
    let fetch = this.#fetches.get(id);
    if (!fetch) {
      fetch = Promise.withResolvers();
      this.#fetches.set(id, fetch);
    }
    return fetch;
  }
}
