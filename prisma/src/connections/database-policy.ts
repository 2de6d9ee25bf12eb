/**
 * `config/database.yaml`: the pools of a process, how many processes there are, and whether a pooler stands before Postgres.
 *
 * Read once, at start: connections are opened by it. A change takes a restart, of every service where it changes `processes`
 * or `pooler`.
 */
import { join } from 'node:path';
import { type Logger, openPolicy } from '@lyceum/service-kit';
import { z } from 'zod';
import type { Pooler } from './pools.ts';

/** A transaction that renews a claim needs a second connection for a moment. */
const FEWEST_CONNECTIONS = 2;

const pool = (max: number, timeoutMs: number) =>
  z
    .strictObject({
      /** Connections of one process to one server. */
      max: z.number().int().min(FEWEST_CONNECTIONS).default(max),
      /** The longest a statement may run, and the longest a transaction may idle. */
      timeoutMs: z.number().int().min(100).default(timeoutMs),
    })
    .prefault({});

const processes = z.number().int().min(0).default(1);

/** The schema of `config/database.yaml`. */
export const DatabasePolicy = z.strictObject({
  pools: z
    .strictObject({
      read: pool(6, 30_000),
      write: pool(6, 10_000),
      ai: pool(4, 300_000),
      realtime: pool(4, 5_000),
    })
    .prefault({}),
  /** The most that run at once, those that overlap while a new version is rolled out included. */
  processes: z
    .strictObject({ users: processes, courses: processes, progress: processes, ai: processes, worker: processes })
    .prefault({}),
  /** Connections of each server that the services leave to commands, backups and monitoring. */
  spare: z.number().int().min(0).default(8),
  /** Whether DATABASE_URL_* and DATABASE_REPLICA_URLS_* name PgBouncers in transaction mode. */
  pooler: z.boolean().default(false),
  /** How long a read waits for a replica to show what its reader has seen, before it goes to the primary. */
  replicaWaitMs: z.number().int().min(0).max(1_000).default(20),
  /** Statements that are prepared once per connection. By default not through a pooler: it takes PgBouncer 1.21 or newer. */
  namedStatements: z.boolean().optional(),
});
export type DatabasePolicy = z.output<typeof DatabasePolicy>;

export function poolerOf({ pooler, namedStatements = false }: DatabasePolicy): Pooler | undefined {
  return pooler ? { namedStatements } : undefined;
}

export const DEFAULT_DATABASE_POLICY: DatabasePolicy = DatabasePolicy.parse({});

/** `folder`: where the policies lie. Throws a ConfigError that names every bad key. */
export async function readDatabasePolicy(folder: string, log: Logger): Promise<DatabasePolicy> {
  return (await openPolicy(join(folder, 'database.yaml'), DatabasePolicy, { log, watch: false })).current;
}
