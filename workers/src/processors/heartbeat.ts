/**
 * Writes a sign of life and the percentage of a running job to its row, and notices when the run no longer counts.
 */
import type { Logger } from '@lyceum/service-kit';

const EVERY_MS = 2_000;

/** The row has moved on: another attempt runs, or the job was cancelled. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

export class Heartbeat {
  percentage = 0;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #beating: Promise<void> = Promise.resolve();

  /** `advance` writes, and returns false if the run no longer counts. A write that fails is left to the next beat. */
  constructor(advance: (percentage: number) => Promise<boolean>, log: Logger) {
    let isBeating = false;
    this.#timer = setInterval(() => {
      if (isBeating) return;
      isBeating = true;
      this.#beating = advance(this.percentage)
        .then((stands) => {
          if (!stands) this.#controller.abort(new SupersededError());
        })
        .catch((err: unknown) => log.warn({ err }, 'sign of life could not be written'))
        .finally(() => {
          isBeating = false;
        });
    }, EVERY_MS);
  }

  /** Aborts with a SupersededError. */
  get superseded(): AbortSignal {
    return this.#controller.signal;
  }

  /** Idempotent; resolves when no write is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }
}
