/**
 * Writes courses. A change and the event that tells of it commit together, on the primary of the course's shard.
 */
import { allocateCourseBucket, type Database, type DatabaseSession, isId, newId, sql } from '@lyceum/database';
import type { Course, CourseLevel, CourseStatus } from '../catalogue/course.ts';
import { emitCoursePublished } from '../publication/publication.repository.ts';

export interface NewCourse {
  readonly title: string;
  readonly slug: string;
  readonly summary: string;
  readonly description: string;
  readonly language: string;
  readonly level: CourseLevel;
  readonly tags: readonly string[];
  readonly instructorIds: readonly string[];
}

/** What a change may touch; a key left out or undefined stays as it is. */
export type CourseChange = Partial<{
  title: string;
  summary: string;
  description: string;
  language: string;
  level: CourseLevel;
  tags: string[];
  status: CourseStatus;
  publishedAt: Date;
}>;

export function createAuthoringRepository(database: Database<'courses'>, session: DatabaseSession<'courses'>) {
  const { directory } = database;
  const exists = async (id: string): Promise<boolean> => {
    const client = await session.read(id, 'primary');
    return (await client.course.count({ where: { id } })) > 0;
  };

  return {
    /** Null if the slug names another course. The slug is claimed before the course is written, whatever the shard. */
    async create(course: NewCourse): Promise<Course | null> {
      // A look first: a bucket is given out once, and a taken slug should not cost one.
      const owner = await directory.lookup('slug', course.slug);
      if (owner !== null && (await exists(owner))) return null;
      const id = newId(await allocateCourseBucket(database));
      const data = { id, ...course, tags: [...course.tags], instructorIds: [...course.instructorIds] };
      const claims = { ownerId: id, values: { slug: course.slug } };
      const result = await directory.withClaims<Course>(session, claims, (tx) => tx.course.create({ data }));
      return 'written' in result ? result.written : null;
    },

    /**
     * Locks the course, asks `decide` what to change, and writes it with the next revision. Nothing that differs: nothing
     * is written. Null if there is no such course. What `decide` throws ends the change.
     */
    async change(id: string, decide: (course: Course) => CourseChange): Promise<Course | null> {
      if (!isId(id)) return null;
      return session.transaction(id, async (tx) => {
        await tx.$queryRaw(sql`SELECT id FROM course WHERE id = ${id}::uuid FOR UPDATE`);
        const before: Course | null = await tx.course.findUnique({ where: { id } });
        if (before === null) return null;
        const change = differences(before, decide(before));
        if (Object.keys(change).length === 0) return before;
        const after: Course = await tx.course.update({
          where: { id },
          data: { ...change, revision: { increment: 1 } },
        });
        if (before.status === 'PUBLISHED' || after.status === 'PUBLISHED') {
          await emitCoursePublished(tx, { ...after, available: after.status === 'PUBLISHED' });
        }
        return after;
      });
    },
  };
}
export type AuthoringRepository = ReturnType<typeof createAuthoringRepository>;

function differences(course: Course, change: CourseChange): CourseChange {
  const differing = Object.entries(change).filter(
    ([key, value]) =>
      value !== undefined && JSON.stringify(value) !== JSON.stringify(course[key as keyof CourseChange]),
  );
  return Object.fromEntries(differing);
}
