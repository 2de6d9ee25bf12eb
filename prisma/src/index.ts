/**
 * @lyceum/database: the only way to Lyceum's databases. docs/guides/database.md says how a repository uses it.
 */

export * from '../seed/demo-accounts.ts';
export type { SeedCourse } from '../seed/learner-plan.ts';
export { type SeedLearnersOptions, type SeedLearnersResult, seedLearners } from '../seed/seed-learners.ts';
export * from './activity-partitions.ts';
export * from './course-buckets.ts';
export { type DatabaseOptions, openDatabase } from './database.ts';
export * from './domain.ts';
export * from './ids.ts';
export * from './migrate.ts';
export * from './outbox-reader.ts';
export { ShardsPolicy, shardsOf } from './shard-map.ts';
export * from './sql.ts';
export * from './types.ts';
export * from './urls.ts';
