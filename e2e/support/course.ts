/**
 * Courses of a story, as a reader without an account finds them.
 */
import { eventually, type GraphClient, graphClient } from '@lyceum/testing';
import {
  CatalogueDocument,
  CourseActivityDocument,
  CourseContentDocument,
  type CourseContentQuery,
} from '../__generated__/operations.ts';

export type Course = NonNullable<CourseContentQuery['courseBySlug']>;
export type Lesson = Course['modules'][number]['sections'][number]['lessons'][number];

/** The first in the catalogue, of those that a search finds, once `progress` has heard that it is published. */
export async function readCourse(gatewayUrl: string, search?: string): Promise<Course> {
  const reader = graphClient(gatewayUrl);
  const { courses } = await reader.query(CatalogueDocument, { first: 1, search });
  const { courseBySlug } = await reader.query(CourseContentDocument, { slug: courses.edges[0]?.node.slug ?? '' });
  if (!courseBySlug) throw new Error(`The catalogue has no course${search ? ` for ${search}` : ''}.`);
  await eventually(() => canBeFollowed(reader, courseBySlug.id));
  return courseBySlug;
}

/** Is told COURSE_NOT_FOUND until then. */
async function canBeFollowed(reader: GraphClient, courseId: string): Promise<boolean> {
  const activity = reader.resume(CourseActivityDocument, { courseId }, null);
  const { value: message } = await activity.next();
  await activity.return();
  return message !== undefined && message.errors === undefined;
}

export function lessonsOf({ modules }: Course): Lesson[] {
  return modules.flatMap(({ sections }) => sections.flatMap(({ lessons }) => lessons));
}
