/**
 * What is measured, whoever answers.
 */
import type { Work } from './load.ts';
import type { World } from './rig.ts';

export interface Paths {
  /** People by id, as the gateway asks for entities. */
  people(ids: readonly string[]): Promise<unknown>;
  /** A page of the learner's enrolments, then the state of the lessons of one course. */
  progress(learnerId: string, lessonIds: readonly string[]): Promise<unknown>;
  /** Completes a lesson that had not been completed. */
  complete(learnerId: string, lessonId: string): Promise<unknown>;
}

export const PATHS = {
  lookup_one: 'entity by id, one',
  lookup_batch: 'entities by id, five',
  progress_read: 'progress of a viewer',
  completion_write: 'completion of a lesson',
} as const;
export type PathName = keyof typeof PATHS;

const BATCH = 5;

/** The calls of one path. What can be done once is handed out once, whoever asks. */
export type Calls = (name: PathName, paths: Partial<Paths>) => Work | null;

export function createCalls({ learnerIds, studying, toComplete }: World): Calls {
  const any = <T>(items: readonly T[]) => items[Math.floor(Math.random() * items.length)]!;
  let completed = 0;
  return (name, { people, progress, complete }) => {
    switch (name) {
      case 'lookup_one':
        return people ? () => people([any(learnerIds)]) : null;
      case 'lookup_batch':
        return people ? () => people(Array.from({ length: BATCH }, () => any(learnerIds))) : null;
      case 'progress_read':
        return progress ? () => progress(...tuple(any(studying))) : null;
      case 'completion_write':
        return complete ? () => complete(...nextToComplete()) : null;
    }
  };

  function nextToComplete(): [string, string] {
    const next = toComplete[completed++];
    if (!next) throw new Error('All lessons are completed: fill in more learners.');
    return [next.learnerId, next.lessonId];
  }
}

const tuple = ({ learnerId, lessonIds }: World['studying'][number]) => [learnerId, lessonIds] as const;
