/**
 * Reads what a person did.
 */
import type { Viewer } from '@lyceum/contracts';
import type { Activity, ActivityPosition, ActivityRepository } from './activity.repository.ts';

export function createActivityService(activity: ActivityRepository) {
  return {
    /** Latest first. Nobody but the person sees anything. */
    async page(
      viewer: Viewer | null,
      personId: string,
      limit: number,
      after: ActivityPosition | null,
    ): Promise<Activity[]> {
      return viewer?.id === personId ? activity.page(viewer.id, limit, after) : [];
    },
  };
}

export type ActivityService = ReturnType<typeof createActivityService>;
