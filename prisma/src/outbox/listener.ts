/**
 * Hears of commits to the outbox: one connection per database that only listens. Which commit it was it does not say.
 */
import { backOffMs, type Logger } from '@lyceum/service-kit';
import pg from 'pg';

const RECONNECT = { baseMs: 100, maxMs: 5_000 };

/** A lost connection is opened anew, with jitter; the wake after it covers what was missed. */
export class OutboxListener {
  readonly #url: string;
  readonly #onWake: () => void;
  readonly #log: Logger;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempt = 0;
  #closed = false;
  #connecting: Promise<void>;

  constructor(url: string, onWake: () => void, log: Logger) {
    this.#url = url;
    this.#onWake = onWake;
    this.#log = log;
    this.#connecting = this.#connect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#connecting;
    await this.#client?.end().catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'lyceum-relay-listen',
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
    });
    let lost = false;
    const lose = (err?: Error) => {
      if (lost || this.#closed) return;
      lost = true;
      this.#client = undefined;
      this.#attempt += 1;
      if (this.#attempt === 1) this.#log.warn({ err }, 'no longer listening to the outbox');
      client.end().catch(() => {});
      this.#timer = setTimeout(() => {
        this.#connecting = this.#connect();
      }, 10 + backOffMs(this.#attempt, RECONNECT));
    };
    client.on('error', lose);
    client.on('end', () => lose());
    client.on('notification', this.#onWake);
    try {
      await client.connect();
      this.#client = client;
      await client.query('LISTEN outbox');
      if (this.#attempt > 0) this.#log.info('listening to the outbox again');
      this.#attempt = 0;
      this.#onWake();
    } catch (error) {
      lose(error instanceof Error ? error : undefined);
    }
  }
}
