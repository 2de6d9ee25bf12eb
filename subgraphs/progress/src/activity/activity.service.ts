/**
 * Reads what a person did.
 */
import type { Viewer } from '@lyceum/contracts';
import { type Connection, CursorPart, loadConnection, type PageArgs } from '@lyceum/subgraph-kit';
import { z } from 'zod';
import type { Activity, ActivityPosition, ActivityRepository } from './activity.repository.ts';

const latestFirst = {
  cursor: z
    .tuple([CursorPart.instant, CursorPart.id])
    .transform(([occurredAt, id]): ActivityPosition => ({ occurredAt, id })),
  partsOf: ({ occurredAt, id }: ActivityPosition) => [occurredAt, id],
};

export function createActivityService(activity: ActivityRepository) {
  return {
    /** Latest first. Nobody but the person sees anything. Throws BAD_USER_INPUT naming `first` or `after`. */
    page(viewer: Viewer | null, personId: string, args: PageArgs): Promise<Connection<Activity>> {
      return loadConnection(args, latestFirst, async (after, limit) =>
        viewer?.id === personId ? activity.page(viewer.id, limit, after) : [],
      );
    },
  };
}

export type ActivityService = ReturnType<typeof createActivityService>;
