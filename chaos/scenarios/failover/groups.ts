/**
 * Learners by the shard that serves them: an account lies on the shard of the same name as its progress.
 */
import type { Databases } from '../../support/databases.ts';
import type { Learner } from '../../support/learning/learners.ts';

/** By shard. */
export type Groups = ReadonlyMap<string, readonly Learner[]>;

export async function groupByShard(databases: Databases, learners: readonly Learner[]): Promise<Groups> {
  const groups = databases.shards.map(async (shard) => {
    const rows = await databases.read<{ id: string }>('progress', 'SELECT learner_id AS id FROM enrollment', [], shard);
    const served = new Set(rows.map(({ id }) => id));
    return [shard, learners.filter(({ id }) => served.has(id))] as const;
  });
  return new Map(await Promise.all(groups));
}
