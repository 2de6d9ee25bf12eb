/**
 * The list of people who teach.
 */
import { CursorPart, encodeCursor, type PageArgs, parsePage, toConnection } from '@lyceum/subgraph-kit';
import { z } from 'zod';
import type { InstructorPosition, InstructorsRepository } from './instructors.repository.ts';

const Cursor = z
  .tuple([CursorPart.instant, CursorPart.id])
  .transform(([createdAt, id]): InstructorPosition => ({ createdAt, id }));

export function createInstructorsService(instructors: InstructorsRepository) {
  return {
    /** Newest first. Throws BAD_USER_INPUT naming `first` or `after`. */
    async page(args: PageArgs) {
      const { first, limit, after } = parsePage(args, Cursor);
      return toConnection(await instructors.newestFirst(limit, after), {
        first,
        cursorOf: ({ createdAt, id }) => encodeCursor([createdAt, id]),
        hasPreviousPage: after !== null,
      });
    },
  };
}

export type InstructorsService = ReturnType<typeof createInstructorsService>;
