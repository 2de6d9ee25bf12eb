/**
 * What the loss of a shard costs: its own people, and nobody else.
 */
import { bucketOf } from '@lyceum/database';
import type { ServiceProcess } from '@lyceum/local-stack';
import {
  type CuttableLine,
  claimsHeader,
  cuttable,
  eventually,
  graphClient,
  openTenant,
  startService,
  type Tenant,
} from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { password } from './users.ts';

const signUp = `mutation ($input: SignUpInput!) {
  signUp(input: $input) { ... on Session { user { id } } }
}`;
const look = 'query ($id: ID!) { user(id: $id) { displayName } }';
const rename = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { displayName } }';

let tenant: Tenant;
let line: CuttableLine;
let env: Record<string, string>;
let service: ServiceProcess;
const ids = new Map<'s1' | 's2', string>();

beforeAll(async () => {
  tenant = await openTenant(['users']);
  line = await cuttable(tenant.databaseUrl('users', 's2'));
  env = { ...tenant.env, DATABASE_URL_USERS_S2: line.url, DATABASE_REPLICA_URLS_USERS_S2: '' };
  service = await startService('users', env);
  for (let n = 1; ids.size < 2; n += 1) {
    const { id } = await signUpAs(`Person${n}`);
    ids.set(bucketOf(id) < 2_048 ? 's1' : 's2', id);
  }
});
afterAll(async () => {
  await service?.stop();
  await line?.[Symbol.asyncDispose]();
  await tenant?.close();
});

async function signUpAs(displayName: string): Promise<{ readonly id: string }> {
  const client = graphClient(`${service.url}/graphql`, { headers: await claimsHeader(env, null) });
  const input = { email: `${displayName}@lyceum.test`, password, displayName };
  const made = await client.query<{ signUp: { user: { id: string } } }>(signUp, { input });
  return made.signUp.user;
}

async function renameAt(url: string, shard: 's1' | 's2', displayName: string) {
  const client = graphClient(`${url}/graphql`, { headers: await claimsHeader(env, { id: ids.get(shard)! }) });
  return await client.query(rename, { input: { displayName } });
}

/** As anybody sees them. */
async function nameOf(url: string, shard: 's1' | 's2') {
  const client = graphClient(`${url}/graphql`, { headers: await claimsHeader(env, { id: ids.get('s1')! }) });
  return await client.query(look, { id: ids.get(shard)! });
}

async function isReady({ url }: ServiceProcess): Promise<boolean> {
  return (await fetch(`${url}/health/ready`)).ok;
}

async function isUp({ url }: ServiceProcess, shard: string): Promise<boolean> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return new RegExp(`^lyceum_database_shard_up\\{.*shard="${shard}".*\\} 1$`, 'm').test(text);
}

test('a shard that is away costs its own people: for all others processes stay ready, and new ones become ready', async () => {
  await eventually(() => isUp(service, 's2'));
  await line.cut();
  await eventually(async () => !(await isUp(service, 's2')));
  expect(await isUp(service, 's1')).toBe(true);
  expect(await isReady(service)).toBe(true);
  const started = await startService('users', env);
  try {
    for (const { url } of [service, started]) {
      expect(await renameAt(url, 's1', 'Renamed')).toEqual({ updateProfile: { displayName: 'Renamed' } });
      await expect(renameAt(url, 's2', 'Renamed')).rejects.toThrow('SERVICE_UNAVAILABLE');
      expect(await nameOf(url, 's1')).toEqual({ user: { displayName: 'Renamed' } });
      await expect(nameOf(url, 's2')).rejects.toThrow('SERVICE_UNAVAILABLE');
    }
    // Some would live there, of others the address is kept there.
    const newcomers = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gus', 'Hal'];
    const made = await Promise.allSettled(newcomers.map(signUpAs));
    const refused = made.filter((each) => each.status === 'rejected').map(({ reason }) => String(reason));
    expect(refused.filter((reason) => !reason.includes('SERVICE_UNAVAILABLE'))).toEqual([]);
    expect(refused.length).toBeGreaterThan(0);

    await line.mend();
    for (const each of [service, started]) {
      await eventually(() => isUp(each, 's2'));
      expect(await renameAt(each.url, 's2', 'Back')).toEqual({ updateProfile: { displayName: 'Back' } });
    }
    await Promise.all(newcomers.filter((_, index) => made[index]!.status === 'rejected').map(signUpAs));
  } finally {
    await started.stop();
  }
});
