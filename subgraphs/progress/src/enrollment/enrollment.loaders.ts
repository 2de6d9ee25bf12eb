/**
 * The viewer's enrolments, one query for each way of asking and request.
 */
import type { Viewer } from '@lyceum/contracts';
import { createLoader } from '@lyceum/subgraph-kit';
import type { EnrollmentRepository } from './enrollment.repository.ts';
import type { Enrollment } from './enrollment.ts';

export function createEnrollmentLoaders(viewer: Viewer | null, enrollments: EnrollmentRepository) {
  const nothing = new Map<string, Enrollment>();
  return {
    enrollmentById: createLoader<string, Enrollment>('enrollmentById', async (ids) =>
      viewer ? enrollments.byIds(viewer.id, ids) : nothing,
    ),
    enrollmentByCourse: createLoader<string, Enrollment>('enrollmentByCourse', async (courseIds) =>
      viewer ? enrollments.byCourses(viewer.id, courseIds) : nothing,
    ),
  };
}

export type EnrollmentLoaders = ReturnType<typeof createEnrollmentLoaders>;
