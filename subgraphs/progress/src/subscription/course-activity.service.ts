/**
 * What is done in a course as it is committed, for everybody: the events know no learner, and no viewer is needed.
 */
import { CourseActivity as CourseActivityEvent, type EventEnvelope, type PayloadOf } from '@lyceum/contracts';
import type { Subscriber } from '@lyceum/subgraph-kit';
import type { PublishedOutlines } from '../outline/outline.repository.ts';
import type { Resources } from '../resources.ts';

export type CourseActivity = EventEnvelope<PayloadOf<typeof CourseActivityEvent>>;

export function createCourseActivityService(topics: Resources['topics'], outlines: PublishedOutlines) {
  return {
    /** From now or the cursor on. Throws COURSE_NOT_FOUND for a course that is not published. */
    async follow(courseId: string, { resume, signal }: Subscriber): Promise<AsyncIterable<CourseActivity>> {
      await outlines.require(courseId);
      return topics.subscribe(CourseActivityEvent, courseId, { from: 'now', resume, signal });
    },
  };
}

export type CourseActivityService = ReturnType<typeof createCourseActivityService>;
