/**
 * Makes notifications of what happens in other domains: reads their logs as the consumer group `users`.
 *
 * Safe to run twice for one event: a notification is stored once for its cause. A shard that is away is waited for, however
 * long it takes, so that no notification is given up for it.
 */
import {
  AiJobFinished,
  CourseCompleted,
  type EventDefinition,
  type EventEnvelope,
  type PayloadOf,
} from '@lyceum/contracts';
import { consumeLog, type Lifecycle, outlast } from '@lyceum/service-kit';
import type { Resources } from '../resources.ts';
import type { Notice } from './notification.ts';
import { createNotificationsRepository } from './notifications.repository.ts';

export function startNotificationConsumers(resources: Resources, life: Lifecycle): void {
  const { consumers } = resources;
  consume(resources, life, consumers.courseCompleted, CourseCompleted, ({ learnerId, courseId }) => ({
    userId: learnerId,
    kind: 'COURSE_COMPLETED',
    courseId,
  }));
  consume(resources, life, consumers.aiJobFinished, AiJobFinished, ({ learnerId, jobId }) => ({
    userId: learnerId,
    kind: 'AI_JOB_FINISHED',
    aiJobId: jobId,
  }));
}

function consume<E extends EventDefinition>(
  { clock, consumerName, database, keys, log }: Resources,
  life: Lifecycle,
  redis: Resources['cache'],
  event: E,
  noticeOf: (payload: PayloadOf<E>) => Omit<Notice, 'causeId'>,
): void {
  const stopping = new AbortController();

  async function handle({ id: causeId, payload, positions }: EventEnvelope<PayloadOf<E>>): Promise<void> {
    const notice = { ...noticeOf(payload), causeId };
    const { userId, kind } = notice;
    // Who is told that a job has finished must not find it running, on whichever replica they look.
    await database.foretell(userId, positions);
    const add = () => createNotificationsRepository(database.session(null)).add(notice, clock.now());
    const isNew = await outlast(add, {
      check: () => database.check(),
      onAway: (err) => log.warn({ err, userId, kind }, 'a shard is away, the notification waits'),
      signal: stopping.signal,
    });
    log.info({ userId, kind, causeId, isNew }, 'notification stored');
  }

  const running = consumeLog({ redis, keys, event, group: 'users', consumer: consumerName, log, handle });
  life.own(`consumer:${event.name}`, running, async () => {
    stopping.abort();
    await running.stop();
  });
}
