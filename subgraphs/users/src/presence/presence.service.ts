/**
 * Who is online, for people who are signed in.
 */
import type { Viewer } from '@lyceum/contracts';
import { type Presence, parseInput } from '@lyceum/service-kit';
import type { Subscriber } from '@lyceum/subgraph-kit';
import { createMailbox } from '../ephemeral/mailbox.ts';
import type { Resources } from '../resources.ts';
import { FOLLOWED_MAX, FollowPresence } from './presence.input.ts';
import type { PresenceLoaders } from './presence.loaders.ts';

export interface PresenceChange {
  readonly userId: string;
  readonly presence: Presence;
}

const UNKNOWN: Presence = { isOnline: false, lastSeenAt: null, until: null };

export function createPresenceService(watch: Resources['presence'], { presenceByUser }: PresenceLoaders) {
  return {
    /** Whoever is not signed in learns nothing; while Redis is away nobody does. */
    of: async (viewer: Viewer | null, userId: string): Promise<Presence> =>
      (viewer && (await presenceByUser.load(userId))) ?? UNKNOWN,

    /**
     * Of each person what is so already, then changes; of changes that wait, the latest of each person. Throws
     * BAD_USER_INPUT naming `userIds`.
     */
    follow(input: unknown, { signal }: Subscriber): AsyncIterable<PresenceChange> {
      const { userIds } = parseInput(FollowPresence, input);
      return createMailbox<PresenceChange>({
        size: FOLLOWED_MAX,
        signal,
        fill: (put) => watch.watch(userIds, (userId, presence) => put(userId, { userId, presence })),
      });
    },
  };
}

export type PresenceService = ReturnType<typeof createPresenceService>;
