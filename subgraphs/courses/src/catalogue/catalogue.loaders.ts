/**
 * Per-request loaders for courses. `courseById` answers null for a course the viewer may not know about.
 */
import type { Viewer } from '@lyceum/contracts';
import { createLoader, type Loader } from '@lyceum/subgraph-kit';
import type { CatalogueRepository } from './catalogue.repository.ts';
import { type Course, maySee } from './course.ts';

export interface CatalogueLoaders {
  readonly courseById: Loader<string, Course>;
  /** A page of what each person teaches; loads with the same page go to the databases together. */
  taughtPage(page: { after: string | null; limit: number; drafts: boolean }): Loader<string, Course[]>;
}

export function createCatalogueLoaders(repository: CatalogueRepository, viewer: Viewer | null): CatalogueLoaders {
  const taughtPages = new Map<string, Loader<string, Course[]>>();
  return {
    courseById: createLoader<string, Course>('courseById', async (ids) => {
      const courses = await repository.byIds(ids);
      return new Map(courses.filter((course) => maySee(viewer, course)).map((course) => [course.id, course]));
    }),
    taughtPage(page) {
      const key = JSON.stringify([page.after, page.limit, page.drafts]);
      const loader =
        taughtPages.get(key) ?? createLoader<string, Course[]>('taughtPage', (ids) => repository.taughtBy(ids, page));
      taughtPages.set(key, loader);
      return loader;
    },
  };
}
