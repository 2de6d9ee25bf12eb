/**
 * The viewer's state in lessons, one query for all lessons of a request.
 */
import type { Viewer } from '@lyceum/contracts';
import { createLoader } from '@lyceum/subgraph-kit';
import type { CompletionRepository, LessonProgress } from './completion.repository.ts';

export function createCompletionLoaders(viewer: Viewer | null, lessons: CompletionRepository) {
  return {
    lessonProgress: createLoader<string, LessonProgress>('lessonProgress', async (lessonIds) =>
      viewer ? lessons.byLessons(viewer.id, lessonIds) : new Map(),
    ),
  };
}

export type CompletionLoaders = ReturnType<typeof createCompletionLoaders>;
