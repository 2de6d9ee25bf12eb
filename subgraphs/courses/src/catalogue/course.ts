/**
 * A course as its row tells it, and who may see and change it.
 */
import type { Viewer } from '@lyceum/contracts';

export type CourseStatus = 'DRAFT' | 'PUBLISHED';
export type CourseLevel = 'BEGINNER' | 'INTERMEDIATE' | 'ADVANCED';

export interface Course {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly summary: string;
  readonly description: string;
  readonly language: string;
  readonly level: CourseLevel;
  readonly tags: readonly string[];
  readonly status: CourseStatus;
  readonly revision: number;
  readonly instructorIds: readonly string[];
  readonly moduleCount: number;
  readonly sectionCount: number;
  readonly lessonCount: number;
  readonly textBlockCount: number;
  readonly videoBlockCount: number;
  readonly problemBlockCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly publishedAt: Date | null;
}

/** A draft exists for those who may change it only. */
export function maySee(viewer: Viewer | null, course: Course): boolean {
  return course.status === 'PUBLISHED' || mayChange(viewer, course);
}

export function mayChange(viewer: Viewer | null, course: Pick<Course, 'instructorIds'>): boolean {
  return viewer !== null && (viewer.roles.includes('ADMIN') || course.instructorIds.includes(viewer.id));
}
