/**
 * @lyceum/database: the only way to Lyceum's databases. docs/guides/database.md says how a repository uses it.
 */

export * from '../seed/demo-accounts.ts';
export type { SeedCourse } from '../seed/learner-plan.ts';
export { type SeedLearnersOptions, type SeedLearnersResult, seedLearners } from '../seed/seed-learners.ts';
export { type BackUpOptions, backUp } from './backup/back-up.ts';
export { BackupError } from './backup/backup-error.ts';
export { type RestoreOptions, restore } from './backup/restore.ts';
export { type BackupSource, backupSourcesOf } from './backup/snapshot.ts';
export { type Part, verifyBackup } from './backup/verify.ts';
export * from './checksum.ts';
export {
  assertConnectionsFit,
  type ConnectionOptions,
  connectionProblem,
  type ServerConnections,
  surveyConnections,
} from './connections/connection-limits.ts';
export { DatabasePolicy, poolerOf, readDatabasePolicy } from './connections/database-policy.ts';
export * from './connections/urls.ts';
export { type DatabaseOptions, openDatabase } from './database.ts';
export { DIRECTORY_DOMAINS } from './directory/kinds.ts';
export * from './domain.ts';
export { type Drift, findDrift } from './drift/drift.ts';
export * from './ids.ts';
export * from './map/course-buckets.ts';
export { firstMap, type Member, ShardsPolicy, shardsOf } from './map/shard-map.ts';
export { type ShardWatch, watchShards } from './map/shard-watch.ts';
export { createMigration, type Migration, migrationsOf } from './migrations/files.ts';
export type { History as MigrationHistory } from './migrations/history.ts';
export {
  type MigrateOptions,
  type MigrationProgress,
  type MigrationResult,
  migrate,
  migrationStatus,
} from './migrations/migrate.ts';
export { MigrationError, type ShardOutcome } from './migrations/report.ts';
export * from './outbox/backlog.ts';
export * from './outbox/dead-letters.ts';
export type { DeadMessage, DrainResult, OutboxRow, RefusedMessage, SendMessages, SendOutcome } from './outbox/drain.ts';
export { type OutboxReader, type OutboxReaderOptions, openOutboxReader } from './outbox/reader.ts';
export * from './partitions/maintenance.ts';
export { ensureMonths, partitionedTables } from './partitions/partitions.ts';
export { openDatabasePolicies } from './policies.ts';
export * from './statements/sql.ts';
export * from './types.ts';
