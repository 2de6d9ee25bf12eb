/**
 * What a profile may say. The limits are those that schema.graphql promises.
 */
import { hasControls } from '@lyceum/service-kit';
import { z } from 'zod';
import { countCharacters } from '../characters.ts';

export const DisplayName = z
  .string()
  .transform((name) => name.normalize('NFC').trim())
  .refine((name) => name !== '' && countCharacters(name) <= 80, 'must have 1–80 characters')
  .refine((name) => !/\p{Cc}/u.test(name), 'must be one line of text');

const Bio = z
  .string()
  .transform((bio) => bio.normalize('NFC').trim())
  .refine((bio) => countCharacters(bio) <= 2_000, 'must have at most 2,000 characters')
  .refine((bio) => !hasControls(bio), 'must be plain text')
  .transform((bio) => (bio === '' ? null : bio));

/** A field that is null or left out is no change; a bio of null is one that is removed. */
export const UpdateProfile = z.object({
  displayName: DisplayName.nullish().transform((name) => name ?? undefined),
  bio: Bio.optional(),
});
