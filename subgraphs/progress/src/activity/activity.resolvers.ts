/**
 * What a person did.
 */
import { CursorPart, encodeCursor, parsePage, toConnection } from '@lyceum/subgraph-kit';
import { z } from 'zod';
import type { Resolvers } from '../__generated__/resolver-types.ts';
import type { ActivityParent } from '../parents.ts';

const cursor = z.tuple([CursorPart.instant, CursorPart.id]).transform(([occurredAt, id]) => ({ occurredAt, id }));
const cursorOf = ({ occurredAt, id }: ActivityParent) => encodeCursor([occurredAt, id]);

export const activityResolvers: Resolvers = {
  User: {
    activity: async ({ id }, args, { viewer, services }) => {
      const { first, limit, after } = parsePage(args, cursor);
      const rows = await services.activity.page(viewer, id, limit, after);
      return toConnection(rows, { first, cursorOf, hasPreviousPage: after !== null });
    },
  },
  Activity: {
    course: ({ courseId }) => ({ id: courseId }),
    lesson: ({ lessonId }) => (lessonId === null ? null : { id: lessonId }),
  },
};
