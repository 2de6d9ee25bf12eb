/**
 * The hottest paths as the services go them: the repositories of the subgraphs, over `@lyceum/database`.
 */
import { createLearning } from '@lyceum/progress/learning';
import { systemClock } from '@lyceum/service-kit';
import { createProfilesRepository } from '@lyceum/users/profiles';
import type { Databases } from './fill.ts';
import type { Paths } from './paths.ts';

const PAGE = 11;

export function createLyceum({ users, progress }: Databases): Paths {
  const learningOf = (learnerId: string) => createLearning(progress.session(learnerId), systemClock);
  return {
    people: (ids) => createProfilesRepository(users.session(null)).findMany(ids),
    async progress(learnerId, lessonIds) {
      const { enrollments, lessons } = learningOf(learnerId).repositories;
      return [await enrollments.page(learnerId, PAGE, null, null), await lessons.byLessons(learnerId, lessonIds)];
    },
    complete: (learnerId, lessonId) =>
      learningOf(learnerId).services.completion.complete(
        { id: learnerId, sessionId: '', roles: ['LEARNER'] },
        lessonId,
      ),
  };
}

/** The reads of the same rows by Prisma's models, routed alike. Measured beside, and judged by nothing. */
export function createPrisma({ users, progress }: Databases): Pick<Paths, 'people' | 'progress'> {
  return {
    people: (ids) =>
      users.session(null).byShard(ids, (client, some) => client.user.findMany({ where: { id: { in: some } } })),
    async progress(learnerId, lessonIds) {
      const session = progress.session(learnerId);
      const client = await session.read(learnerId);
      const orderBy = [{ enrolledAt: 'desc' as const }, { id: 'desc' as const }];
      const enrollments = await client.enrollment.findMany({ where: { learnerId }, orderBy, take: PAGE });
      const again = await session.read(learnerId);
      const where = { learnerId, lessonId: { in: [...lessonIds] } };
      return [enrollments, await again.lessonProgress.findMany({ where })];
    },
  };
}
