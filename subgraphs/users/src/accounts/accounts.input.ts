/**
 * What a new account may look like. The limits are those that schema.graphql promises.
 */
import { z } from 'zod';
import { countCharacters } from '../characters.ts';
import { DisplayName } from '../profiles/profiles.input.ts';
import { isEmail, normalizeEmail } from './email.ts';

export const SignUp = z.object({
  email: z.string().transform(normalizeEmail).refine(isEmail, 'is not an e-mail address'),
  password: z.string().refine((password) => {
    const length = countCharacters(password);
    return length >= 8 && length <= 256;
  }, 'must have 8–256 characters'),
  displayName: DisplayName,
});
