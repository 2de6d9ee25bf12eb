/**
 * Keeps the local copy of course outlines: reads `course.published` as the consumer group `progress`.
 *
 * A shard that is away is waited for, however long it takes, so that no outline is given up for it; only an event that
 * fails while every shard answers can end among the dead letters.
 */
import { CoursePublished, type EventEnvelope, type PayloadOf } from '@lyceum/contracts';
import { backOffMs, consumeLog, type Lifecycle, sleep } from '@lyceum/service-kit';
import type { Resources } from '../resources.ts';
import { createOutlineRepository } from './outline.repository.ts';

export function startOutlineConsumer(resources: Resources, life: Lifecycle): void {
  const { clock, consumer, consumerName, database, keys, log } = resources;
  const outlines = createOutlineRepository(database);
  const stopping = new AbortController();

  async function handle({ payload }: EventEnvelope<PayloadOf<typeof CoursePublished>>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const shards = await outlines.replace(payload, clock.now());
        return log.info({ courseId: payload.courseId, revision: payload.revision, shards }, 'outline stored');
      } catch (error) {
        const answering = await database.check().then(
          () => true,
          () => false,
        );
        if (answering || stopping.signal.aborted) throw error;
        log.warn({ err: error, courseId: payload.courseId }, 'a shard is away, the outline waits');
        await sleep(backOffMs(attempt, { baseMs: 100, maxMs: 5_000 }), stopping.signal);
      }
    }
  }

  const running = consumeLog({
    redis: consumer,
    keys,
    event: CoursePublished,
    group: 'progress',
    consumer: consumerName,
    log,
    handle,
  });
  life.own('outline consumer', running, async () => {
    stopping.abort();
    await running.stop();
  });
}
