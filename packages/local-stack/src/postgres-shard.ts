/**
 * One shard: a primary, the replica that follows it through a replication slot, and what keeps the two together.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, releasePort } from './ports.ts';
import { PortTakenError, PostgresNode, SUPERUSER } from './postgres-node.ts';
import { until } from './processes.ts';

export interface ShardPorts {
  readonly primary: number;
  readonly replica: number;
}

export interface ShardOptions {
  readonly durability: 'safe' | 'fast';
  readonly password: string;
  readonly onProgress?: (message: string) => void;
}

const SLOT = 'replica';
const START_ATTEMPTS = 5;
const STREAMING_TIMEOUT_MS = 15_000;

/** A streaming replica whose replay a test can hold back. */
export class Replica extends PostgresNode {
  /** WAL still arrives, but nothing new becomes visible. Returns once replay has stopped. */
  async pause(): Promise<void> {
    await this.query('SELECT pg_wal_replay_pause()');
    await this.#reached('paused');
  }

  async resume(): Promise<void> {
    await this.query('SELECT pg_wal_replay_resume()');
    await this.#reached('not paused');
  }

  async #reached(state: 'paused' | 'not paused'): Promise<void> {
    const reached = await until(async () => {
      const [row] = await this.query<{ state: string }>('SELECT pg_get_wal_replay_pause_state() AS state');
      return row?.state === state;
    }, 10_000);
    if (!reached) throw new Error(`Replay of the replica on port ${this.port} did not become ${state}.`);
  }
}

export class Shard {
  readonly name: string;
  readonly primary: PostgresNode;
  readonly replica: Replica;
  readonly #options: ShardOptions;
  #ports: ShardPorts = { primary: 0, replica: 0 };

  constructor(name: string, directory: string, options: ShardOptions) {
    const { durability, password } = options;
    this.name = name;
    this.#options = options;
    this.primary = new PostgresNode({
      directory: join(directory, 'primary'),
      password,
      settings: () => ({ port: this.#ports.primary, durability }),
    });
    this.replica = new Replica({
      directory: join(directory, 'replica'),
      password,
      settings: () => ({
        port: this.#ports.replica,
        durability,
        follow: { port: this.#ports.primary, user: SUPERUSER, password, slot: SLOT },
      }),
    });
  }

  get ports(): ShardPorts {
    return this.#ports;
  }

  /** Initialises what is not there yet; afterwards neither server runs. */
  async prepare(passwordFile: string): Promise<void> {
    await Promise.all([this.primary.stopLeftover(), this.replica.stopLeftover()]);
    if (!(await this.primary.isInitialised())) {
      this.#progress(`shard ${this.name}: creating the primary`);
      await mkdir(this.primary.directory, { recursive: true });
      await this.primary.initialise(passwordFile);
      // initdb ends with a clean shutdown, so the fresh files are a base backup.
      await this.replica.copyFrom(this.primary);
    }
  }

  /** Starts both servers and returns once the replica streams and the databases exist on both. */
  async start(preferred: ShardPorts | undefined, databases: readonly string[]): Promise<void> {
    this.#ports = { primary: await freePort(preferred?.primary), replica: await freePort(preferred?.replica) };
    this.#progress(`shard ${this.name}: starting`);
    await this.#startOn('primary', this.primary);
    await this.#createSlot();
    const follows = (await this.replica.isInitialised()) && (await this.#follow());
    if (!follows) await this.#rebuildReplica();
    await this.#createDatabases(databases);
    await this.caughtUp();
    this.#progress(`shard ${this.name}: primary on ${this.#ports.primary}, replica on ${this.#ports.replica}`);
  }

  /** The primary first: it hands its last WAL to the replica before it ends. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    if (mode === 'immediate') {
      await Promise.all([this.primary.stop(mode), this.replica.stop(mode)]);
    } else {
      await this.primary.stop(mode);
      await this.replica.stop(mode);
    }
    releasePort(this.#ports.primary);
    releasePort(this.#ports.replica);
  }

  /** Waits until the replica shows everything that was committed on the primary before the call. */
  async caughtUp(timeoutMs = 10_000): Promise<void> {
    const [row] = await this.primary.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn() AS lsn');
    const client = new pg.Client({ connectionString: this.replica.url('postgres') });
    await client.connect();
    try {
      const reached = await until(
        async () => {
          const { rows } = await client.query('SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS reached', [row?.lsn]);
          return rows[0]?.reached === true;
        },
        timeoutMs,
        2,
      );
      if (!reached) throw new Error(`The replica of shard ${this.name} did not catch up within ${timeoutMs} ms.`);
    } finally {
      await client.end();
    }
  }

  /** Starts a server; if its port was lost in the meantime, on another one. */
  async #startOn(role: keyof ShardPorts, node: PostgresNode): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await node.start();
      } catch (error) {
        if (!(error instanceof PortTakenError) || attempt >= START_ATTEMPTS) throw error;
        this.#ports = { ...this.#ports, [role]: await freePort() };
      }
    }
  }

  async #createSlot(): Promise<void> {
    await this.primary.query(
      `SELECT pg_create_physical_replication_slot($1, true)
        WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)`,
      [SLOT],
    );
  }

  /** False when the replica cannot follow: its files are damaged, or the WAL it needs is gone. */
  async #follow(): Promise<boolean> {
    try {
      await this.#startOn('replica', this.replica);
      return await until(async () => {
        const [row] = await this.replica.query<{ status: string }>('SELECT status FROM pg_stat_wal_receiver');
        return row?.status === 'streaming';
      }, STREAMING_TIMEOUT_MS);
    } catch (error) {
      this.#progress(`shard ${this.name}: the replica did not start (${(error as Error).message.split('\n')[0]})`);
      return false;
    }
  }

  async #rebuildReplica(): Promise<void> {
    this.#progress(`shard ${this.name}: copying the replica from its primary again`);
    await this.replica.stop('immediate');
    await this.primary.query('SELECT pg_drop_replication_slot($1)', [SLOT]);
    await this.primary.stop('fast');
    await this.replica.copyFrom(this.primary);
    await this.#startOn('primary', this.primary);
    await this.#createSlot();
    if (!(await this.#follow())) throw new Error(`The replica of shard ${this.name} does not follow its primary.`);
  }

  async #createDatabases(databases: readonly string[]): Promise<void> {
    const rows = await this.primary.query<{ datname: string }>('SELECT datname FROM pg_database');
    const existing = new Set(rows.map((row) => row.datname));
    for (const name of databases.filter((database) => !existing.has(database))) {
      await this.primary.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    }
  }

  #progress(message: string): void {
    this.#options.onProgress?.(message);
  }
}
