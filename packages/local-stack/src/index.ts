/**
 * Real PostgreSQL and Redis servers for development and tests, started from this process and gone with it.
 */
export { findOrInstallPgBouncer, type PgBouncer, type PgBouncerOptions, startPgBouncer } from './pgbouncer.ts';
export { freePort, releasePort } from './ports.ts';
export {
  type LocalPostgres,
  type PostgresOptions,
  type ShardUrls,
  startPostgres,
  stopLeftoverPostgres,
} from './postgres.ts';
export type { PostgresNode } from './postgres-node.ts';
export type { Replica } from './postgres-replica.ts';
export type { Shard, ShardPorts } from './postgres-shard.ts';
export { commandLine, isAlive, until } from './processes.ts';
export { type LocalRedis, type RedisOptions, startRedis, stopLeftoverRedis } from './redis.ts';
export {
  type ServiceExit,
  type ServiceOptions,
  type ServiceProcess,
  spawnEntry,
  spawnService,
} from './service-process.ts';
export { addressVariables, repositoryRoot, SERVICE_NAMES, SERVICES, type ServiceName } from './services.ts';
