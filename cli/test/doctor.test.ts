import { freePort, releasePort } from '@lyceum/local-stack';
import { openTenant, sql, type Tenant } from '@lyceum/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lyceum } from './support.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await openTenant(['users', 'courses', 'progress', 'ai']);
});
afterAll(() => tenant.close());

describe('the doctor', () => {
  test('finds nothing wrong with a good stack', async () => {
    const { code, stdout, stderr } = await lyceum(['doctor'], tenant.env);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/✓ courses on s2, replica +follows its primary/);
    expect(stdout).toMatch(/✓ connections to \S+ +\d+ may be opened to this primary, which gives 187/);
    expect(stdout).toMatch(/Nothing is wrong\./);
  });

  test('names each part that is wrong, and why', async () => {
    const port = await freePort();
    releasePort(port);
    const env = {
      ...tenant.env,
      CLAIMS_SECRET: 'short',
      REDIS_URL: `redis://127.0.0.1:${port}`,
      GATEWAY_URL: `http://127.0.0.1:${port}/graphql`,
      DATABASE_URL_USERS_S1: tenant.databaseUrl('users', 's1', 'replica'),
      DATABASE_URL_AI_S2: `postgres://lyceum@127.0.0.1:${port}/none`,
    };
    const { code, stdout, stderr } = await lyceum(['doctor'], env);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ CLAIMS_SECRET +must be set to at least 32 characters/);
    expect(stdout).toMatch(/✗ users on s1 +is a replica, but is named as a primary/);
    expect(stdout).toMatch(/✗ ai on s2 +.*ECONNREFUSED/);
    expect(stdout).toMatch(/✗ Redis/);
    expect(stdout).toMatch(/✗ gateway +does not answer at/);
    expect(stderr).toMatch(/5 things are wrong\./);
  });

  test('sees migrations that were not applied', async () => {
    await sql(tenant.databaseUrl('progress', 's2'), 'DELETE FROM _prisma_migrations');
    const { code, stdout } = await lyceum(['doctor'], tenant.env);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ progress on s2 +\d+ migrations are not applied/);
  });
});

test('without databases that answer a command says what to do', async () => {
  const port = await freePort();
  releasePort(port);
  const env = { ...tenant.env, DATABASE_URL_COURSES_S1: `postgres://lyceum@127.0.0.1:${port}/none` };
  const { code, stderr } = await lyceum(['seed'], env);
  expect(code).toBe(1);
  expect(stderr).toMatch(/courses databases .* do not answer \(connect ECONNREFUSED .*Is the stack running\?/);
});

test.each([
  [['--help'], 0],
  [['import', 'olx', '--help'], 0],
  [['seed', '--help'], 0],
  [['doctor', '--help'], 0],
  [['db', '--help'], 0],
  [['db', 'migrate', '--domain', 'nonsense'], 2],
  [['db', 'explain', '--limit', '0'], 2],
  [[], 2],
  [['nonsense'], 2],
  [['import', 'olx'], 2],
  [['seed', '--learners', 'many'], 2],
  [['seed', '--seed', 'No Good'], 2],
  [['import', 'olx', '/there/is/none'], 1],
])('the exit code of `lyceum %j` is %d', async (args, code) => {
  expect(await lyceum(args, tenant.env)).toMatchObject({ code });
});
