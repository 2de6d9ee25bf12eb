/**
 * Sends a model's text to whoever watches the job, in small batches straight to the job's live stream.
 *
 * Ephemeral by design: what cannot be sent is dropped, because the result comes with the job's end. Batches are sent one
 * after the other, so that they arrive in order.
 */
import { AiJobUpdated, type EventEnvelope } from '@lyceum/contracts';
import type { Logger } from '@lyceum/service-kit';
import type { Fence } from './ai-job.repository.ts';

/** Few enough events for a reader, often enough for the eye. */
const BATCH_MS = 30;

export interface TokenFeedOptions {
  readonly fence: Fence;
  readonly publish: (envelope: EventEnvelope) => Promise<unknown>;
  readonly newEventId: () => string;
  readonly now: () => Date;
  readonly log: Logger;
}

export class TokenFeed {
  readonly #options: TokenFeedOptions;
  #text = '';
  #percentage = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #hasFailed = false;

  constructor(options: TokenFeedOptions) {
    this.#options = options;
  }

  push(text: string, percentage: number): void {
    this.#text += text;
    this.#percentage = percentage;
    this.#timer ??= setTimeout(() => this.#send(), BATCH_MS);
  }

  /** Resolves when everything pushed is out or dropped. Nothing may be pushed after it. */
  async end(): Promise<void> {
    this.#send();
    await this.#sending;
  }

  /** Drops what has not been sent. */
  async cancel(): Promise<void> {
    this.#text = '';
    await this.end();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#text === '') return;
    const envelope = this.#envelope(this.#text);
    this.#text = '';
    this.#sending = this.#sending.then(async () => {
      try {
        await this.#options.publish(envelope);
      } catch (err) {
        if (!this.#hasFailed) this.#options.log.warn({ err }, 'text of a model could not be sent to its readers');
        this.#hasFailed = true;
      }
    });
  }

  #envelope(tokenDelta: string): EventEnvelope {
    const { fence, newEventId, now } = this.#options;
    const payload = AiJobUpdated.payload.parse({
      ...fence,
      state: 'RUNNING',
      percentage: this.#percentage,
      tokenDelta,
    });
    return {
      id: newEventId(),
      name: AiJobUpdated.name,
      version: AiJobUpdated.version,
      key: AiJobUpdated.key(payload),
      occurredAt: now().toISOString(),
      positions: {},
      payload,
    };
  }
}
