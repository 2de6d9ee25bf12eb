import { openTenant, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lyceum } from './support.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await openTenant(['users', 'courses', 'progress', 'ai']);
});
afterAll(() => tenant?.close());

const shards = (...args: string[]) => lyceum(['shards', ...args], tenant.env);
const primary = () => new URL(tenant.databaseUrl('users', 's1')).host;

test('the primary of a living shard is not replaced, and the message names it', async () => {
  const { code, stderr } = await shards('promote', 's1');
  expect(code).toBe(1);
  expect(stderr).toContain(`The primary of s1 (${primary()}) answers. Stop it for good`);
});

test('servers are named anew in every domain, and a server that is not as named changes nothing', async () => {
  const refused = await shards('servers', 's1', '--primary', primary(), '--replica', primary());
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: `${primary()} is a primary, no replica.\n` });

  const { code, stdout } = await shards('servers', 's1', '--primary', primary());
  expect(code).toBe(0);
  for (const domain of ['users', 'courses', 'progress', 'ai']) {
    expect(stdout).toContain(`${domain}: s1 is ${primary()} from version 2 of the map on`);
  }
  const doctor = await lyceum(['doctor'], tenant.env);
  expect(doctor).toMatchObject({ code: 0, stdout: expect.stringMatching(/✓ users on s2, replica/) });
  expect(doctor.stdout).not.toMatch(/on s1, replica/);
});
