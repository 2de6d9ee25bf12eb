/**
 * @lyceum/database: the only way to Lyceum's databases. docs/guides/database.md says how a repository uses it.
 */

export * from '../seed/demo-accounts.ts';
export type { SeedCourse } from '../seed/learner-plan.ts';
export { type SeedLearnersOptions, type SeedLearnersResult, seedLearners } from '../seed/seed-learners.ts';
export * from './course-buckets.ts';
export { type DatabaseOptions, openDatabase } from './database.ts';
export * from './domain.ts';
export { type Drift, findDrift } from './drift/drift.ts';
export * from './ids.ts';
export {
  type MigrateOptions,
  type MigrationProgress,
  type MigrationResult,
  migrate,
  migrationStatus,
} from './migrate.ts';
export { createMigration, type Migration, migrationsOf } from './migration-files.ts';
export type { History as MigrationHistory } from './migration-history.ts';
export { MigrationError, type ShardOutcome } from './migration-report.ts';
export * from './outbox-reader.ts';
export * from './partition-maintenance.ts';
export { ensureMonths, partitionedTables } from './partitions.ts';
export { firstMap, type Member, ShardsPolicy, shardsOf } from './shard-map.ts';
export * from './sql.ts';
export * from './types.ts';
export * from './urls.ts';
