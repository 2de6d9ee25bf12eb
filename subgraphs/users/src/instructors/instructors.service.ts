/**
 * The list of people who teach.
 */
import { CursorPart, loadConnection, type PageArgs } from '@lyceum/subgraph-kit';
import { z } from 'zod';
import type { InstructorPosition, InstructorsRepository } from './instructors.repository.ts';

const newestFirst = {
  cursor: z
    .tuple([CursorPart.instant, CursorPart.id])
    .transform(([createdAt, id]): InstructorPosition => ({ createdAt, id })),
  partsOf: ({ createdAt, id }: InstructorPosition) => [createdAt, id],
};

export function createInstructorsService(instructors: InstructorsRepository) {
  return {
    /** Newest first. Throws BAD_USER_INPUT naming `first` or `after`. */
    page: (args: PageArgs) =>
      loadConnection(args, newestFirst, (after, limit) => instructors.newestFirst(limit, after)),
  };
}

export type InstructorsService = ReturnType<typeof createInstructorsService>;
