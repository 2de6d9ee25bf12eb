/**
 * Signing up and signing in.
 */
import type { Resolvers } from '../__generated__/resolver-types.ts';

export const accountsResolvers: Resolvers = {
  Mutation: {
    signUp: (_, { input }, { services }) => services.accounts.signUp(input),
    signIn: (_, { input }, { services }) => services.accounts.signIn(input),
  },
  SignUpResult: { __resolveType: ({ outcome }) => outcome },
  SignInResult: { __resolveType: ({ outcome }) => outcome },
  EmailTaken: { message: () => 'This e-mail address already has an account.' },
  InvalidCredentials: { message: () => 'The e-mail address and the password do not fit together.' },
};
