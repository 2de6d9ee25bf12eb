/**
 * What operators do with shards: add them, move buckets between them, compare them.
 */
export { ShardsError } from './errors.ts';
export { joinShard } from './join.ts';
export { bounded, Lines, type LinesOptions } from './lines.ts';
export { changeMap, lockMap, type MapLock } from './map-changes.ts';
export { beginMove, type MoveRecord, readMove } from './move-record.ts';
export { abortMove, type MoveOptions, type MoveProgress, type MoveResult, runMove } from './mover.ts';
export { loadOf, planBalance, planMove, type Transfer } from './plan.ts';
export { type PromoteOptions, type Promotion, promoteReplica } from './promote.ts';
export { changeServers } from './servers.ts';
export { findStrays, findUnequalCopies, type Stray } from './verify.ts';
