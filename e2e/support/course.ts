/**
 * Courses of a story, as a reader without an account finds them.
 */
import { graphClient } from '@lyceum/testing';
import { CatalogueDocument, CourseContentDocument, type CourseContentQuery } from '../__generated__/operations.ts';

export type Course = NonNullable<CourseContentQuery['courseBySlug']>;
export type Lesson = Course['modules'][number]['sections'][number]['lessons'][number];

/** The first in the catalogue, of those that a search finds. */
export async function readCourse(gatewayUrl: string, search?: string): Promise<Course> {
  const reader = graphClient(gatewayUrl);
  const { courses } = await reader.query(CatalogueDocument, { first: 1, search });
  const { courseBySlug } = await reader.query(CourseContentDocument, { slug: courses.edges[0]?.node.slug ?? '' });
  if (!courseBySlug) throw new Error(`The catalogue has no course${search ? ` for ${search}` : ''}.`);
  return courseBySlug;
}

export function lessonsOf({ modules }: Course): Lesson[] {
  return modules.flatMap(({ sections }) => sections.flatMap(({ lessons }) => lessons));
}
