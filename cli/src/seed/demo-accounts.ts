/**
 * One account for each role, for people who try Lyceum. For development stacks only: the password is public.
 */
import type { Role } from '@lyceum/contracts';
import type { Database } from '@lyceum/database';
import { createAccountsRepository } from '@lyceum/users/accounts';
import { normalizeEmail } from '@lyceum/users/email';
import { hashPassword } from '@lyceum/users/passwords';
import { createProfilesRepository } from '@lyceum/users/profiles';
import { Failure } from '../failure.ts';

export const demoPassword = 'lyceum-demo';

export type DemoRole = 'learner' | 'instructor' | 'admin';

interface DemoAccount {
  readonly email: string;
  readonly displayName: string;
  readonly bio: string | null;
  readonly roles: readonly Role[];
}

export const demoAccounts: Readonly<Record<DemoRole, DemoAccount>> = {
  learner: { email: 'learner@lyceum.example', displayName: 'Lena Learner', bio: null, roles: ['LEARNER'] },
  instructor: {
    email: 'instructor@lyceum.example',
    displayName: 'Ines Instructor',
    bio: 'Writes about databases, learning and graphs, and teaches the courses that Lyceum comes with.',
    roles: ['LEARNER', 'INSTRUCTOR'],
  },
  admin: { email: 'admin@lyceum.example', displayName: 'Ada Admin', bio: null, roles: ['LEARNER', 'ADMIN'] },
};

/** Their ids. An account that is there already keeps its password, name and roles. */
export async function seedDemoAccounts(users: Database<'users'>): Promise<Record<DemoRole, string>> {
  return {
    learner: await ensureAccount(users, demoAccounts.learner),
    instructor: await ensureAccount(users, demoAccounts.instructor),
    admin: await ensureAccount(users, demoAccounts.admin),
  };
}

async function ensureAccount(users: Database<'users'>, { email: address, displayName, bio, roles }: DemoAccount) {
  const accounts = createAccountsRepository(users);
  const email = normalizeEmail(address);
  const known = await accounts.findByEmail(email);
  if (known) return known.person.id;
  const made = await accounts.create({ email, displayName, passwordHash: await hashPassword(demoPassword) });
  if (!made) throw new Failure(`The account ${email} is being made by somebody else right now. Try again in a minute.`);
  await createProfilesRepository(users.session(made.id)).update(made.id, { bio, roles });
  return made.id;
}
