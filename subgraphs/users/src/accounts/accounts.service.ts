/**
 * Signing up and signing in.
 *
 * Neither says by its answer, nor at sign-in by its time, whether an address has an account and only the password is
 * wrong. (Signing up must say that an address is taken; the limit of attempts keeps that from being a list to read.)
 */
import { parseInput } from '@lyceum/service-kit';
import type { Session, SessionsService } from '../sessions/sessions.service.ts';
import { SignUp } from './accounts.input.ts';
import type { AccountsRepository } from './accounts.repository.ts';
import type { AttemptLimiter } from './attempts.ts';
import { isEmail, normalizeEmail } from './email.ts';
import { hashPassword, verifyPassword } from './passwords.ts';

export interface EmailTaken {
  readonly outcome: 'EmailTaken';
}

export interface InvalidCredentials {
  readonly outcome: 'InvalidCredentials';
}

export interface SignIn {
  readonly email: string;
  readonly password: string;
}

export interface AccountsDependencies {
  readonly accounts: AccountsRepository;
  readonly attempts: AttemptLimiter;
  readonly sessions: SessionsService;
}

export function createAccountsService({ accounts, attempts, sessions }: AccountsDependencies) {
  return {
    /** Throws BAD_USER_INPUT, RATE_LIMITED, and SERVICE_UNAVAILABLE if no session could be started: then no account is made. */
    async signUp(input: unknown): Promise<Session | EmailTaken> {
      const { email, password, displayName } = parseInput(SignUp, input);
      await sessions.ensureAvailable();
      await attempts.begin('sign-up', email);
      const person = await accounts.create({ email, displayName, passwordHash: await hashPassword(password) });
      if (person === null) return { outcome: 'EmailTaken' };
      await attempts.succeed('sign-up', email);
      return sessions.start(person);
    },

    /**
     * Throws RATE_LIMITED, and SERVICE_UNAVAILABLE before it looks at the password: without the count of attempts an
     * answer that depended on the password could be asked for without end.
     */
    async signIn(input: SignIn): Promise<Session | InvalidCredentials> {
      const email = normalizeEmail(input.email);
      await sessions.ensureAvailable();
      await attempts.begin('sign-in', email);
      const account = isEmail(email) ? await accounts.findByEmail(email) : null;
      const fits = await verifyPassword(account?.passwordHash ?? null, input.password);
      if (account === null || !fits) return { outcome: 'InvalidCredentials' };
      await attempts.succeed('sign-in', email);
      return sessions.start(account.person);
    },
  };
}

export type AccountsService = ReturnType<typeof createAccountsService>;
