/**
 * Keeps children running: one that ends unasked is started again, later after each failure, and one line says so.
 *
 * Children stop in the reverse order of their start.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Child {
  readonly name: string;
  /** Resolves when it is ready. Called again after it has ended. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves with how it ended: 'exit code 1', 'SIGKILL'. Asked anew after each start. */
  ended(): Promise<string>;
}

export interface SupervisorOptions {
  readonly say: (line: string) => void;
  readonly backOff?: { readonly baseMs: number; readonly maxMs: number };
  /** After this long a child counts as sound, and its next failure as its first. */
  readonly soundAfterMs?: number;
  readonly random?: () => number;
}

export class Supervisor {
  readonly #children: Child[] = [];
  readonly #say: (line: string) => void;
  readonly #backOff: { readonly baseMs: number; readonly maxMs: number };
  readonly #soundAfterMs: number;
  readonly #random: () => number;
  readonly #stopping = new AbortController();

  constructor(o: SupervisorOptions) {
    this.#say = o.say;
    this.#backOff = o.backOff ?? { baseMs: 500, maxMs: 15_000 };
    this.#soundAfterMs = o.soundAfterMs ?? 60_000;
    this.#random = o.random ?? Math.random;
  }

  /** Starts a child and watches it from then on. A first start that fails is the caller's to handle. */
  async start(child: Child): Promise<void> {
    this.#children.push(child);
    await child.start();
    this.watch(child);
  }

  /** Watches a child that runs already. */
  watch(child: Child): void {
    if (!this.#children.includes(child)) this.#children.push(child);
    void this.#keepRunning(child);
  }

  /** Stops every child, the last started first, with a line each. A child that fails to stop does not keep the others. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const child of this.#children.reverse()) {
      const outcome = await child.stop().then(
        () => 'stopped',
        (error: Error) => `did not stop cleanly: ${firstLine(error)}`,
      );
      this.#say(`${child.name} ${outcome}`);
    }
  }

  async #keepRunning(child: Child): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      const since = performance.now();
      let how = await child.ended();
      if (performance.now() - since > this.#soundAfterMs) failures = 0;
      for (let running = false; !running && !signal.aborted; ) {
        const waitMs = this.#waitMs(failures++);
        this.#say(`${child.name} ended (${how}); starting it again in ${(waitMs / 1000).toFixed(1)} s`);
        await delay(waitMs, undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        try {
          await child.start();
          running = true;
        } catch (error) {
          how = firstLine(error as Error);
        }
      }
      if (!signal.aborted) this.#say(`${child.name} runs again`);
    }
  }

  /** Exponential with jitter over the upper half, so that children which failed together do not start together. */
  #waitMs(failures: number): number {
    const ceiling = Math.min(this.#backOff.maxMs, this.#backOff.baseMs * 2 ** failures);
    return ceiling / 2 + (this.#random() * ceiling) / 2;
  }
}

function firstLine(error: Error): string {
  return error.message.split('\n')[0] ?? 'unknown error';
}
