/**
 * Keeps the local copy of course outlines: reads `course.published` as the consumer group `progress`.
 *
 * A shard that is away is waited for, however long it takes, so that no outline is given up for it; only an event that
 * fails while every shard answers can end among the dead letters.
 */
import { CoursePublished, type EventEnvelope, type PayloadOf } from '@lyceum/contracts';
import { consumeLog, type Lifecycle, outlast } from '@lyceum/service-kit';
import type { Resources } from '../resources.ts';
import { createOutlineRepository } from './outline.repository.ts';

export function startOutlineConsumer(resources: Resources, life: Lifecycle): void {
  const { clock, consumer, consumerName, database, keys, log } = resources;
  const outlines = createOutlineRepository(database);
  const stopping = new AbortController();

  async function handle({ payload }: EventEnvelope<PayloadOf<typeof CoursePublished>>): Promise<void> {
    const { courseId, revision } = payload;
    const shards = await outlast(() => outlines.replace(payload, clock.now()), {
      check: () => database.check(),
      onAway: (err) => log.warn({ err, courseId }, 'a shard is away, the outline waits'),
      signal: stopping.signal,
    });
    log.info({ courseId, revision, shards }, 'outline stored');
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
