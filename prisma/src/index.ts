/**
 * @lyceum/database: the only way to Lyceum's databases. See the README for how a repository uses it.
 */
export * from './domain.ts';
export * from './ids.ts';
export * from './sql.ts';
export * from './types.ts';
