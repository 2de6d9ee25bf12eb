/**
 * Changes of a learner's progress as they are committed, on request behind a snapshot of how it stands.
 */
import { randomUUID } from 'node:crypto';
import { type EventEnvelope, type PayloadOf, ProgressUpdated, type Viewer } from '@lyceum/contracts';
import { badInput, type Clock } from '@lyceum/service-kit';
import { filterEvents, type Subscriber } from '@lyceum/subgraph-kit';
import type { EnrollmentRepository } from '../enrollment/enrollment.repository.ts';
import type { Enrollment } from '../enrollment/enrollment.ts';
import type { Resources } from '../resources.ts';

type Payload = PayloadOf<typeof ProgressUpdated>;

/** An event, or a snapshot of the enrolment's row in its shape. */
export type ProgressUpdate = EventEnvelope<
  Omit<Payload, 'reason'> & { readonly reason: Payload['reason'] | 'SNAPSHOT' }
>;

export interface FollowProgress {
  readonly courseId: string | null;
  readonly snapshot: boolean;
}

export interface UpdatesServiceOptions {
  readonly topics: Resources['topics'];
  readonly enrollments: EnrollmentRepository;
  readonly clock: Clock;
}

export function createUpdatesService({ topics, enrollments, clock }: UpdatesServiceOptions) {
  /**
   * The topic is followed from the oldest event it holds, and what the snapshot tells already is left out by its
   * revision: whatever is committed while the row is read comes once, as part of it or behind it. Nothing is pulled
   * before the snapshot is out, so that no cursor goes out before it either.
   */
  async function* snapshotAndUpdates(
    viewer: Viewer,
    courseId: string,
    { resume, signal }: Subscriber,
  ): AsyncGenerator<ProgressUpdate, void> {
    const updates = topics.subscribe(ProgressUpdated, viewer.id, { from: 'start', resume, signal });
    try {
      const enrollment = (await enrollments.byCourses(viewer.id, [courseId])).get(courseId);
      const revision = enrollment?.revision ?? 0;
      if (enrollment && enrollment.status !== 'WITHDRAWN') yield snapshotOf(enrollment, clock.now());
      for await (const update of updates) {
        if (update.payload.courseId === courseId && update.payload.revision > revision) yield update;
      }
    } finally {
      await updates.return?.();
    }
  }

  return {
    /**
     * The viewer's own changes from now or the cursor on, in order; the topic's key is the viewer, so nobody follows
     * another. Throws BAD_USER_INPUT naming `courseId` for a snapshot of no course.
     */
    follow(
      viewer: Viewer,
      { courseId, snapshot }: FollowProgress,
      subscriber: Subscriber,
    ): AsyncIterable<ProgressUpdate> {
      if (snapshot && courseId === null) throw badInput('courseId', 'is needed with `snapshot: true`');
      const { resume, signal } = subscriber;
      const isNew = (resume?.cursor ?? null) === null;
      if (snapshot && courseId !== null && isNew) return snapshotAndUpdates(viewer, courseId, subscriber);
      const updates = topics.subscribe(ProgressUpdated, viewer.id, { from: 'now', resume, signal });
      return courseId === null ? updates : filterEvents(updates, ({ payload }) => payload.courseId === courseId);
    },
  };
}

export type UpdatesService = ReturnType<typeof createUpdatesService>;

function snapshotOf(enrollment: Enrollment, at: Date): ProgressUpdate {
  return {
    id: randomUUID(),
    name: ProgressUpdated.name,
    version: ProgressUpdated.version,
    key: enrollment.learnerId,
    occurredAt: at.toISOString(),
    positions: {},
    payload: { ...enrollment, enrollmentId: enrollment.id, reason: 'SNAPSHOT', lessonId: null },
  };
}
