/**
 * One shard: a primary, the replicas that follow it, each through a replication slot, and what keeps them together.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, releasePort } from './ports.ts';
import { PortTakenError, PostgresNode, SUPERUSER } from './postgres-node.ts';
import { Replica } from './postgres-replica.ts';
import { until } from './processes.ts';

export interface ShardPorts {
  readonly primary: number;
  readonly replicas: readonly number[];
}

export interface ShardOptions {
  readonly durability: 'safe' | 'fast';
  readonly password: string;
  /** How many replicas; 1 unless told. */
  readonly replicas?: number;
  /** The primary's `synchronous_standby_names`. Replicas are called `replica`, `replica_2`, `replica_3` and so on. */
  readonly synchronousStandbyNames?: string;
  readonly onProgress?: (message: string) => void;
}

const START_ATTEMPTS = 5;
const STREAMING_TIMEOUT_MS = 15_000;

export class Shard {
  readonly name: string;
  readonly primary: PostgresNode;
  readonly replicas: readonly Replica[];
  readonly #options: ShardOptions;
  readonly #ports: { primary: number; replicas: number[] };

  constructor(name: string, directory: string, options: ShardOptions) {
    const { durability, password, replicas = 1, synchronousStandbyNames } = options;
    this.name = name;
    this.#options = options;
    this.#ports = { primary: 0, replicas: Array.from({ length: replicas }, () => 0) };
    this.primary = new PostgresNode({
      directory: join(directory, 'primary'),
      password,
      settings: () => ({
        port: this.#ports.primary,
        durability,
        ...(synchronousStandbyNames !== undefined && { synchronousStandbyNames }),
      }),
    });
    this.replicas = this.#ports.replicas.map((_, index) => {
      const slot = index === 0 ? 'replica' : `replica_${index + 1}`;
      return new Replica({
        name: slot,
        directory: join(directory, index === 0 ? 'replica' : `replica-${index + 1}`),
        password,
        settings: () => ({
          port: this.#ports.replicas[index]!,
          durability,
          follow: { port: this.#ports.primary, user: SUPERUSER, password, slot },
        }),
      });
    });
  }

  /** The first one. Throws for a shard without. */
  get replica(): Replica {
    const [first] = this.replicas;
    if (!first) throw new Error(`Shard ${this.name} has no replica.`);
    return first;
  }

  get ports(): ShardPorts {
    return this.#ports;
  }

  /** Initialises what is not there yet; afterwards no server runs. */
  async prepare(passwordFile: string): Promise<void> {
    await Promise.all([this.primary, ...this.replicas].map((node) => node.stopLeftover()));
    if (!(await this.primary.isInitialised())) {
      this.#progress(`shard ${this.name}: creating the primary`);
      await mkdir(this.primary.directory, { recursive: true });
      await this.primary.initialise(passwordFile);
      // initdb ends with a clean shutdown, so the fresh files are a base backup.
      await Promise.all(this.replicas.map((replica) => replica.copyFrom(this.primary)));
    }
  }

  /** Starts the servers and returns once every replica streams and the databases exist everywhere. */
  async start(preferred: ShardPorts | undefined, databases: readonly string[]): Promise<void> {
    this.#ports.primary = await freePort(preferred?.primary);
    for (const index of this.replicas.keys()) {
      this.#ports.replicas[index] = await freePort(preferred?.replicas[index]);
    }
    this.#progress(`shard ${this.name}: starting`);
    await this.#startPrimary();
    await this.#dropUnusedSlots();
    await Promise.all(this.replicas.map((replica) => this.#createSlot(replica)));
    const following = await Promise.all(
      this.replicas.map(async (replica) => (await replica.isInitialised()) && (await this.#follow(replica))),
    );
    // One after the other: the primary stops while it is copied.
    for (const [index, replica] of this.replicas.entries()) if (!following[index]) await this.#rebuild(replica);
    await this.#createDatabases(databases);
    await this.caughtUp();
    const others = this.#ports.replicas.map((port) => `, replica on ${port}`).join('');
    this.#progress(`shard ${this.name}: primary on ${this.#ports.primary}${others}`);
  }

  /** The primary first: it hands its last WAL to the replicas before it ends. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const stopReplicas = () => Promise.all(this.replicas.map((replica) => replica.stop(mode)));
    if (mode === 'immediate') {
      await Promise.all([this.primary.stop(mode), stopReplicas()]);
    } else {
      await this.primary.stop(mode);
      await stopReplicas();
    }
    for (const port of [this.#ports.primary, ...this.#ports.replicas]) releasePort(port);
  }

  /** Waits until every replica shows everything that was committed on the primary before the call. */
  async caughtUp(timeoutMs = 10_000): Promise<void> {
    const [row] = await this.primary.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn() AS lsn');
    await Promise.all(
      this.replicas.map(async (replica) => {
        if (!(await replica.reaches(row!.lsn, timeoutMs))) {
          throw new Error(`The ${replica.name} of shard ${this.name} did not catch up within ${timeoutMs} ms.`);
        }
      }),
    );
  }

  /** On another port if its own was lost in the meantime. */
  #startPrimary(): Promise<void> {
    return startOnFreePort(this.primary, (port) => {
      this.#ports.primary = port;
    });
  }

  async #createSlot({ name }: Replica): Promise<void> {
    await this.primary.query(
      `SELECT pg_create_physical_replication_slot($1, true)
        WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)`,
      [name],
    );
  }

  /** Of replicas that an earlier run had: a slot that nobody follows keeps its log for ever. */
  async #dropUnusedSlots(): Promise<void> {
    await this.primary.query(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
        WHERE slot_type = 'physical' AND NOT active AND slot_name ~ '^replica(_[0-9]+)?$' AND slot_name <> ALL($1)`,
      [this.replicas.map(({ name }) => name)],
    );
  }

  /** False when the replica cannot follow: its files are damaged, or the WAL it needs is gone. */
  async #follow(replica: Replica): Promise<boolean> {
    const index = this.replicas.indexOf(replica);
    try {
      await startOnFreePort(replica, (port) => {
        this.#ports.replicas[index] = port;
      });
      return await until(async () => {
        const [row] = await replica.query<{ status: string }>('SELECT status FROM pg_stat_wal_receiver');
        return row?.status === 'streaming';
      }, STREAMING_TIMEOUT_MS);
    } catch (error) {
      const reason = (error as Error).message.split('\n')[0];
      this.#progress(`shard ${this.name}: the ${replica.name} did not start (${reason})`);
      return false;
    }
  }

  async #rebuild(replica: Replica): Promise<void> {
    this.#progress(`shard ${this.name}: copying the ${replica.name} from its primary again`);
    await replica.stop('immediate');
    await this.primary.query('SELECT pg_drop_replication_slot($1)', [replica.name]);
    await this.primary.stop('fast');
    await replica.copyFrom(this.primary);
    await this.#startPrimary();
    await this.#createSlot(replica);
    if (!(await this.#follow(replica))) {
      throw new Error(`The ${replica.name} of shard ${this.name} does not follow its primary.`);
    }
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

/** Starts a server; if its port was lost in the meantime, on another one. */
async function startOnFreePort(node: PostgresNode, usePort: (port: number) => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await node.start();
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt >= START_ATTEMPTS) throw error;
      usePort(await freePort());
    }
  }
}
