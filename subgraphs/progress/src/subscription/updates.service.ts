/**
 * Changes of a learner's progress as they are committed.
 */
import { type EventEnvelope, type PayloadOf, ProgressUpdated, type Viewer } from '@lyceum/contracts';
import { filterEvents, type Subscriber } from '@lyceum/subgraph-kit';
import type { Resources } from '../resources.ts';

export type ProgressUpdate = EventEnvelope<PayloadOf<typeof ProgressUpdated>>;

export function createUpdatesService(topics: Resources['topics']) {
  return {
    /** The viewer's own changes from now or the cursor on, in order; the topic's key is the viewer, so nobody follows another. */
    follow(viewer: Viewer, courseId: string | null, { resume, signal }: Subscriber): AsyncIterable<ProgressUpdate> {
      const updates = topics.subscribe(ProgressUpdated, viewer.id, { from: 'now', resume, signal });
      return courseId === null ? updates : filterEvents(updates, ({ payload }) => payload.courseId === courseId);
    },
  };
}

export type UpdatesService = ReturnType<typeof createUpdatesService>;
