/**
 * Where events lie: the publisher appends to these topics, the subgraph of orders follows them.
 *
 * The event is one of the product's own, because a topic takes no other: `learnerId` names the reader and `revision` the
 * place in the order of that reader's events.
 */
import { randomUUID } from 'node:crypto';
import { type EventEnvelope, type PayloadOf, ProgressUpdated } from '@lyceum/contracts';
import { createRedisKeys } from '@lyceum/service-kit';

export const Changed = ProgressUpdated;
export const redisKeys = createRedisKeys('bench');
/** The topic that all follow in the fan-out. */
export const SHOP = '00000000-0000-7000-8000-000000000000';

export function changeOf(reader: string, sequence: number): EventEnvelope<PayloadOf<typeof Changed>> {
  return {
    ...{ id: randomUUID(), name: Changed.name, version: Changed.version, key: reader, positions: {} },
    occurredAt: new Date().toISOString(),
    payload: {
      ...{ learnerId: reader, courseId: SHOP, enrollmentId: reader, reason: 'LESSON_COMPLETED', lessonId: null },
      ...{ completedLessons: 0, totalLessons: 0, answeredProblems: 0, correctProblems: 0, totalProblems: 0 },
      ...{ percentage: 0, revision: sequence },
    },
  };
}
