/**
 * The viewer's attempts, and the solutions the viewer may see: one query each for all problems of a request.
 */
import type { Viewer } from '@lyceum/contracts';
import { createLoader } from '@lyceum/subgraph-kit';
import type { AnswersRepository, Attempt } from './answers.repository.ts';
import type { Solution } from './grading.ts';

export function createAnswersLoaders(viewer: Viewer | null, answers: AnswersRepository) {
  return {
    attemptById: createLoader<string, Attempt>('attemptById', async (ids) =>
      viewer ? answers.byIds(viewer.id, ids) : new Map(),
    ),
    attemptsByProblem: createLoader<string, Attempt[]>('attemptsByProblem', async (problemIds) =>
      viewer ? answers.latest(viewer.id, problemIds) : new Map(),
    ),
    solutionByProblem: createLoader<string, Solution>('solutionByProblem', async (problemIds) =>
      viewer ? answers.solutions(viewer.id, problemIds) : new Map(),
    ),
  };
}

export type AnswersLoaders = ReturnType<typeof createAnswersLoaders>;
