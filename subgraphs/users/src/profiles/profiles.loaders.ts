/**
 * Loads people by id, however many fields ask: one query per shard and tick.
 */
import { createLoader } from '@lyceum/subgraph-kit';
import type { Person } from './person.ts';
import type { ProfilesRepository } from './profiles.repository.ts';

export function createProfilesLoaders(people: ProfilesRepository) {
  return {
    /** Null for an id of nobody, and for a text that is no id. */
    userById: createLoader<string, Person>('userById', async (keys) => {
      return new Map((await people.findMany(keys)).map((person) => [person.id, person]));
    }),
  };
}

export type ProfilesLoaders = ReturnType<typeof createProfilesLoaders>;
