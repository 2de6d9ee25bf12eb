/**
 * One account for each e-mail address: many sign-ups at once, on all shards, by several processes, one of which is killed at
 * the worst moment.
 */
import { CLAIMS_HEADER } from '@lyceum/contracts';
import { bucketOf, bucketOfValue } from '@lyceum/database';
import { createLifecycle, createLogger } from '@lyceum/service-kit';
import {
  claimsHeader,
  cuttable,
  eventually,
  graphClient,
  openTenant,
  type ServiceProcess,
  sql,
  startService,
  type Tenant,
} from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccountsRepository } from '../src/accounts/accounts.repository.ts';
import { readConfig } from '../src/config.ts';
import { openResources } from '../src/resources.ts';
import { password } from './users.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await openTenant(['users', 'ai']);
});
afterAll(async () => {
  await tenant?.close();
});

async function everywhere<Row extends object>(statement: string, ...values: unknown[]): Promise<Row[]> {
  const shards = ['s1', 's2'].map((shard) => sql<Row>(tenant.databaseUrl('users', shard), statement, values));
  return (await Promise.all(shards)).flat();
}
interface Entry {
  readonly owner: string;
  readonly confirmed: boolean;
}
const entriesOf = (email: string) =>
  everywhere<Entry>(
    'SELECT owner_id AS owner, confirmed_at IS NOT NULL AS confirmed FROM directory_entry WHERE value = $1',
    email,
  );
const accountsOf = async (email: string) =>
  (await everywhere<{ id: string }>('SELECT id FROM user_account WHERE email = $1', email)).map(({ id }) => id);

/** One account with all that belongs to it, named by a confirmed entry, and no row of anybody else. */
async function expectOneAccount(email: string): Promise<string> {
  const [owner, ...others] = await accountsOf(email);
  expect(others).toEqual([]);
  expect(await entriesOf(email)).toEqual([{ owner, confirmed: true }]);
  const accounts = (await everywhere<{ id: string }>('SELECT id FROM user_account')).map(({ id }) => id).sort();
  for (const table of ['credential', 'preferences']) {
    const owners = await everywhere<{ id: string }>(`SELECT user_id AS id FROM ${table}`);
    expect(owners.map(({ id }) => id).sort()).toEqual(accounts);
  }
  return owner!;
}

const OUTCOME = 'mutation ($input: SignUpInput!) { outcome: signUp(input: $input) { __typename } }';
const SIGN_IN = `mutation ($input: SignInInput!) {
  outcome: signIn(input: $input) { ... on Session { user { id } } }
}`;

/** Asks a process as the gateway does. */
async function ask(service: ServiceProcess) {
  const headers = await claimsHeader(tenant.env, null);
  return graphClient(`${service.url}/graphql`, { headers, connectionParams: { claims: headers[CLAIMS_HEADER] } });
}
/** The type of the outcome, or the code of the error. */
async function signUp(service: ServiceProcess, email: string): Promise<string> {
  const input = { email, password, displayName: 'Ada' };
  const { data, errors } = await (await ask(service)).request<{ outcome: { __typename: string } }>(OUTCOME, { input });
  return data?.outcome.__typename ?? String(errors[0]?.extensions?.code);
}
async function signInAs(service: ServiceProcess, email: string): Promise<string> {
  const variables = { input: { email, password } };
  const answer = await (await ask(service)).query<{ outcome: { user: { id: string } } }>(SIGN_IN, variables);
  return answer.outcome.user.id;
}
const count = (outcomes: readonly string[], wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;

test('of two hundred concurrent sign-ups with one e-mail address one makes an account, whatever their shards', async () => {
  const log = createLogger('users', { level: 'silent' });
  const life = createLifecycle({ log });
  const { env, source } = readConfig(tenant.env);
  const opened = await Promise.all([1, 2, 3, 4].map(() => openResources({ env, source, log, life })));
  const repositories = opened.map(({ database }) => createAccountsRepository(database));
  try {
    for (const email of ['ada@lyceum.test', 'bob@lyceum.test', 'cyd@lyceum.test']) {
      const account = { email, displayName: 'Ada', passwordHash: 'none' };
      const tries = Array.from({ length: 200 }, (_, n) => repositories[n % 4]!.create(account));
      const made = (await Promise.all(tries)).filter((person) => person !== null);
      expect(made).toHaveLength(1);
      expect(await expectOneAccount(email)).toBe(made[0]!.id);
    }
  } finally {
    await life.close();
  }
});

test('a process killed between claim and write leaves no account, and after the sweep two hundred sign-ups make one', async () => {
  await using held = await cuttable(tenant.env.DATABASE_URL_USERS_S2!);
  const start = (prefix: string, env = {}) =>
    startService('users', { ...tenant.env, REDIS_PREFIX: `${tenant.id}${prefix}`, ...env });
  const doomed = await start('a', { DATABASE_URL_USERS_S2: held.url });
  // Attempts are counted by address: processes that count apart let more of them through to the directory.
  const others = await Promise.all([start('b'), start('c'), start('d')]);
  const worker = await startService('worker', {
    ...tenant.env,
    RELAY_DOMAINS: 'users',
    SWEEP_CLAIMS_EVERY_MS: '100',
  });
  try {
    const email = await killBetweenClaimAndWrite(doomed, () => held.hold());
    expect(await accountsOf(email)).toEqual([]);
    expect(await signUp(others[0]!, email)).toBe('EmailTaken');

    await everywhere("UPDATE directory_entry SET claimed_at = now() - interval '2 minutes' WHERE value = $1", email);
    await eventually(async () => expect(await entriesOf(email)).toEqual([]));
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toMatch(/directory_claims_settled_total\{[^}]*outcome="released"[^}]*\} 1\n/);

    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, n) => signUp(others[n % 3]!, email)));
    expect(count(outcomes, 'Session')).toBe(1);
    expect(count(outcomes, 'EmailTaken')).toBeGreaterThan(10);
    expect(count(outcomes, 'Session') + count(outcomes, 'EmailTaken') + count(outcomes, 'RATE_LIMITED')).toBe(200);
    expect(await signInAs(others[0]!, email)).toBe(await expectOneAccount(email));
  } finally {
    await Promise.all([doomed, ...others, worker].map((service) => service.stop()));
  }
}, 120_000);

/**
 * The line to the second shard is silent: a claim that lies on the first one is made, and a write to the second one hangs.
 * Owners are drawn at random, so an account on the first shard is no help and the next address is tried.
 */
async function killBetweenClaimAndWrite(service: ServiceProcess, hold: () => void): Promise<string> {
  hold();
  for (let number = 0; ; number += 1) {
    const email = `crash${number}@lyceum.test`;
    if (bucketOfValue(`email:${email}`) >= 2_048) continue;
    const signingUp = signUp(service, email).catch(() => 'killed');
    await expect.poll(() => entriesOf(email)).toHaveLength(1);
    const [entry] = await entriesOf(email);
    if (bucketOf(entry!.owner) < 2_048) {
      await signingUp;
      continue;
    }
    expect(entry).toMatchObject({ confirmed: false });
    await service.kill();
    expect(await signingUp).toBe('killed');
    expect(await entriesOf(email)).toEqual([entry]);
    return email;
  }
}
