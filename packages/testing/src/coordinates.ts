/**
 * Where the stacks of this test run are: written by the global setup, read by every test process.
 */
import { inject } from 'vitest';

export interface ShardCoordinates {
  readonly name: string;
  /** URLs of the database `postgres` on either server; others differ in the path only. */
  readonly primaryUrl: string;
  readonly replicaUrl: string;
}

export interface StackCoordinates {
  /** A folder for files of this run: logs, keys. Removed at its end. */
  readonly directory: string;
  readonly shards: readonly ShardCoordinates[];
  readonly redisUrl: string;
  readonly privateKeyFile: string;
  readonly claimsSecret: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** One for each file that may run at a time. */
    lyceumStacks: readonly StackCoordinates[];
  }
}

/** The same server, another database. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** Nobody else uses it while this file runs. Throws in plain words outside of a run with the global setup. */
export function stackCoordinates(): StackCoordinates {
  const slot = Number(process.env.VITEST_POOL_ID);
  const coordinates = inject('lyceumStacks')?.[slot - 1];
  if (!coordinates) throw new Error('No stack: this test must run in the vitest project "integration".');
  return coordinates;
}
