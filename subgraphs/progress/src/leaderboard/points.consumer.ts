/**
 * Raises learners on the boards: reads `points.awarded` as the consumer group `leaderboards`, then tells who listens.
 *
 * Boards are raised over the consumer's own connection: it waits while Redis is away, so that no event is given up for an
 * outage. Safe to run twice: totals are absolute, and an event that is told twice bears the same id.
 */
import { type EventEnvelope, LeaderboardChanged, type PayloadOf, PointsAwarded } from '@lyceum/contracts';
import { consumeLog, type Lifecycle, publishEnvelope } from '@lyceum/service-kit';
import type { Resources } from '../resources.ts';
import { createBoards } from './boards.ts';
import { scoreOf } from './points.ts';

export function startPointsConsumer(resources: Resources, life: Lifecycle): void {
  const { pointsConsumer: redis, consumerName, keys, log } = resources;
  const boards = createBoards(redis, keys);

  async function handle(envelope: EventEnvelope<PayloadOf<typeof PointsAwarded>>): Promise<void> {
    const { learnerId, courseId, reachedAt, totals } = envelope.payload;
    const scores = totals.map(({ period, points }) => ({ period, score: scoreOf(points, new Date(reachedAt)) }));
    await boards.raise(courseId, learnerId, scores);
    const { name, version, delivery } = LeaderboardChanged;
    await publishEnvelope(redis, keys, { ...envelope, name, version, key: courseId, payload: { courseId } }, delivery);
  }

  const running = consumeLog({
    redis,
    keys,
    event: PointsAwarded,
    group: 'leaderboards',
    consumer: consumerName,
    log,
    handle,
  });
  life.own('points consumer', running, (consumer) => consumer.stop());
}
