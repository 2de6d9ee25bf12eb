/**
 * A streaming replica whose replay a test can hold back.
 */
import pg from 'pg';
import { type NodeOptions, PostgresNode } from './postgres-node.ts';
import { until } from './processes.ts';

interface ReplicaOptions extends NodeOptions {
  readonly name: string;
}

export class Replica extends PostgresNode {
  /** Of its slot on the primary, and the name by which a primary waits for it. */
  readonly name: string;

  constructor({ name, ...options }: ReplicaOptions) {
    super(options);
    this.name = name;
  }

  /** WAL still arrives, but nothing new becomes visible. Returns once replay has stopped. */
  async pause(): Promise<void> {
    await this.query('SELECT pg_wal_replay_pause()');
    await this.#reached('paused');
  }

  async resume(): Promise<void> {
    await this.query('SELECT pg_wal_replay_resume()');
    await this.#reached('not paused');
  }

  /** False if it has not replayed the position within the time. */
  async reaches(position: string, timeoutMs: number): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url('postgres') });
    await client.connect();
    try {
      return await until(
        async () => {
          const { rows } = await client.query('SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS reached', [position]);
          return rows[0]?.reached === true;
        },
        timeoutMs,
        2,
      );
    } finally {
      await client.end();
    }
  }

  async #reached(state: 'paused' | 'not paused'): Promise<void> {
    const reached = await until(async () => {
      const [row] = await this.query<{ state: string }>('SELECT pg_get_wal_replay_pause_state() AS state');
      return row?.state === state;
    }, 10_000);
    if (!reached) throw new Error(`Replay of the replica on port ${this.port} did not become ${state}.`);
  }
}
