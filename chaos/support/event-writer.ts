/**
 * Commits events of learners as a service does: through a session of the database, with the outbox in the transaction.
 */
import { join } from 'node:path';
import type { EventDefinition } from '@lyceum/contracts';
import { newId, openDatabase, randomBucket, ShardsPolicy } from '@lyceum/database';
import { repositoryRoot } from '@lyceum/local-stack';
import { createLogger, createRedisKeys, openPolicy } from '@lyceum/service-kit';

export interface PlannedEvent {
  readonly definition: EventDefinition;
  readonly payload: unknown;
}

export interface EventWriter {
  /** Of a new learner, on any shard. */
  newLearnerId(): string;
  /** All of them or none, in one transaction on the learner's shard of the progress domain. */
  commit(learnerId: string, events: readonly PlannedEvent[]): Promise<void>;
  close(): Promise<void>;
}

export async function openEventWriter(env: Readonly<Record<string, string>>): Promise<EventWriter> {
  const log = createLogger('chaos', { level: 'silent' });
  const shards = await openPolicy(join(repositoryRoot, 'config/shards.yaml'), ShardsPolicy, { log, watch: false });
  const options = { env, shards, redis: null, keys: createRedisKeys('chaos'), log };
  const database = await openDatabase('progress', options);
  return {
    newLearnerId: () => newId(randomBucket()),
    async commit(learnerId, events) {
      await database.session(null).transaction(learnerId, async (tx) => {
        for (const { definition, payload } of events) await tx.outbox.add(definition, payload);
      });
    },
    close: () => database.close(),
  };
}
