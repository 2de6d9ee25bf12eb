/**
 * Opens the outboxes of the domains that a command is about, on all shards of the newest map, and closes them when it is
 * done.
 */
import { type DeadLetters, type Domain, openDeadLetters } from '@lyceum/database';
import { createLogger } from '@lyceum/service-kit';
import { readStackEnvironment } from '../config.ts';
import { readDomainShards } from '../db/domain-shards.ts';
import { Failure, reasonOf } from '../failure.ts';

/** What helps when a database does not answer. */
export const REMEDY = 'Is the stack running, and are its migrations applied? `npx lyceum doctor` says more.';

/** Of one domain, or of all. What goes wrong is told as a Failure. */
export async function withOutboxes<T>(
  domain: Domain | undefined,
  work: (outboxes: readonly DeadLetters[]) => Promise<T>,
): Promise<T> {
  const { origin } = readStackEnvironment();
  const log = createLogger('cli', { level: 'silent' });
  const outboxes = (await readDomainShards({ domain })).map((shards) => openDeadLetters({ ...shards, log }));
  try {
    return await work(outboxes);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`The outboxes named by ${origin} cannot be read (${reasonOf(error)}). ${REMEDY}`);
  } finally {
    await Promise.all(outboxes.map((outbox) => outbox.close()));
  }
}
