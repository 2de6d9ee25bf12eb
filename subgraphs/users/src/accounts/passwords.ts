/**
 * Hashes and checks passwords with argon2id. Also imported by tools that write accounts, so that these can sign in.
 *
 * A hash takes 19 MiB and tens of milliseconds of a core, so few run at a time and the rest wait in line: a burst of
 * sign-ins slows sign-ins down, not everything.
 */
import { availableParallelism } from 'node:os';
import { createGate } from '@lyceum/service-kit';
import { hash, verify } from '@node-rs/argon2';

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, 2 passes, 1 lane. argon2id is the library's default. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** The hash of a password nobody knows. Checking against it costs what checking a real one costs. */
export const decoyHash =
  '$argon2id$v=19$m=19456,t=2,p=1$zDPKlaw/HfSdlCx140xSYw$Aoqqp3Mv6do01CQkR0QVRaJcNXqb77ksuIunVluhMjw';

const gate = createGate({ running: Math.max(1, availableParallelism() - 1), waiting: 1_000 });

/** Two keyboards may encode one letter in two ways (NIST SP 800-63B, 5.1.1.2). */
const encode = (password: string) => password.normalize('NFKC');

/** A PHC string with its own salt: differs on each call. Throws SERVICE_UNAVAILABLE when too many hashes are under way. */
export function hashPassword(password: string): Promise<string> {
  return gate.run(() => hash(encode(password), cost));
}

/** With `null` for the hash (nobody by that name) it does the same work and answers false. */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  const matches = await gate.run(() => verify(passwordHash ?? decoyHash, encode(password)));
  return matches && passwordHash !== null;
}
