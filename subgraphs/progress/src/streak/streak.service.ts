/**
 * Reads a person's streak as of today.
 */
import type { Viewer } from '@lyceum/contracts';
import type { Clock } from '@lyceum/service-kit';
import type { StreakRepository } from './streak.repository.ts';
import { dayOf, type Streak, streakOn } from './streak.ts';

export function createStreakService(streaks: StreakRepository, clock: Clock) {
  return {
    /** Null for everybody but the person. */
    async of(viewer: Viewer | null, personId: string): Promise<Streak | null> {
      return viewer?.id === personId ? streakOn(await streaks.find(viewer.id), dayOf(clock.now())) : null;
    },
  };
}

export type StreakService = ReturnType<typeof createStreakService>;
