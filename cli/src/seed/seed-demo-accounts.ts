/**
 * Writes the demo accounts through the users domain's own repositories, so that they are accounts like any other.
 */
import { type Database, type DemoAccount, type DemoRole, demoAccounts, demoPassword } from '@lyceum/database';
import { createAccountsRepository } from '@lyceum/users/accounts';
import { normalizeEmail } from '@lyceum/users/email';
import { hashPassword } from '@lyceum/users/passwords';
import { createProfilesRepository } from '@lyceum/users/profiles';
import { Failure } from '../failure.ts';

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
