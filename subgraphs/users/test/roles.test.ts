/**
 * Roles and the list of people who teach.
 */
import { bucketOf, newId } from '@lyceum/database';
import { readRevocations, systemClock } from '@lyceum/service-kit';
import { type GraphClient, sql } from '@lyceum/testing';
import { describe, expect, it } from 'vitest';
import { administrator, openUsers } from './users.ts';

const setRoles = (client: GraphClient, userId: string, roles: string) =>
  client.query(`mutation { setRoles(input: { userId: "${userId}", roles: ${roles} }) { roles isInstructor } }`);

interface Page {
  readonly instructors: {
    readonly edges: readonly { readonly node: { readonly id: string } }[];
    readonly pageInfo: {
      readonly hasNextPage: boolean;
      readonly hasPreviousPage: boolean;
      readonly endCursor: string | null;
    };
  };
}
const instructors = `query ($after: String) {
  instructors(first: 3, after: $after) { edges { node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } }
}`;

/** The ids of all instructors, page by page. */
async function visit(client: GraphClient): Promise<string[]> {
  const visited: string[] = [];
  let after: string | null = null;
  do {
    const { instructors: page }: Page = await client.query<Page>(instructors, { after });
    expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
    visited.push(...page.edges.map(({ node }) => node.id));
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return visited;
}

describe('roles', () => {
  it('setRoles is for administrators', async () => {
    await using users = await openUsers();
    const ada = await users.learner('Ada');
    await expect(setRoles(await users.as(ada), ada.id, '[ADMIN]')).rejects.toThrow('FORBIDDEN');
    await expect(setRoles(await users.as(null), ada.id, '[ADMIN]')).rejects.toThrow('UNAUTHENTICATED');
    expect(await setRoles(await users.as(administrator), ada.id, '[INSTRUCTOR, INSTRUCTOR]')).toEqual({
      setRoles: { roles: ['LEARNER', 'INSTRUCTOR'], isInstructor: true },
    });
  });

  it('are taken away by a set without them, except LEARNER', async () => {
    await using users = await openUsers();
    const ada = await users.learner('Ada');
    const admin = await users.as(administrator);
    await setRoles(admin, ada.id, '[INSTRUCTOR, ADMIN]');
    expect(await setRoles(admin, ada.id, '[]')).toEqual({ setRoles: { roles: ['LEARNER'], isInstructor: false } });
  });

  it('that have changed are told to gateways, which refuse tokens with other ones', async () => {
    await using users = await openUsers();
    const ada = await users.learner('Ada');
    await setRoles(await users.as(administrator), ada.id, '[INSTRUCTOR]');
    const { cache, keys } = users.resources;
    const revoked = (await readRevocations(cache, keys, systemClock.now())).map(([revocation]) => revocation);
    expect(revoked).toEqual([{ userId: ada.id, roles: ['INSTRUCTOR', 'LEARNER'] }]);
  });

  it('of nobody cannot be set', async () => {
    await using users = await openUsers();
    const admin = await users.as(administrator);
    for (const id of ['01900000-0000-7000-8000-000000000000', 'nobody']) {
      await expect(setRoles(admin, id, '[ADMIN]')).rejects.toThrow('USER_NOT_FOUND');
    }
  });
});

describe('the list of instructors', () => {
  it('paging instructors over two shards visits each once', async () => {
    await using users = await openUsers();
    const admin = await users.as(administrator);
    const expected: string[] = [];
    for (let index = 0; index < 10; index += 1) {
      const { id } = await users.learner(`Teacher${index}`);
      expected.unshift(id);
      await setRoles(admin, id, '[INSTRUCTOR]');
    }
    await users.learner('Ada');
    await users.replicasCaughtUp();
    expect(await visit(await users.as(null))).toEqual(expected);
  });

  it('visits each once even if all accounts were made in the same millisecond', async () => {
    await using users = await openUsers();
    const ids = Array.from({ length: 10 }, (_, index) => newId(index * 400));
    for (const shard of ['s1', 's2']) {
      await sql(
        users.databaseUrl(shard),
        `INSERT INTO user_account (id, email, display_name, roles, created_at)
         SELECT id, id || '@lyceum.test', 'Teacher', '{LEARNER,INSTRUCTOR}', '2026-11-21T07:30:00Z' FROM unnest($1::uuid[]) id`,
        [ids.filter((id) => (bucketOf(id) < 2_048 ? 's1' : 's2') === shard)],
      );
    }
    await users.replicasCaughtUp();
    expect(await visit(await users.as(null))).toEqual(ids.sort().reverse());
  });

  it('takes no cursor of its own making and no page beyond its bounds', async () => {
    await using users = await openUsers();
    const anonymous = await users.as(null);
    const page = (args: string) => anonymous.query(`{ instructors(${args}) { edges { cursor } } }`);
    await expect(page('after: "nonsense"')).rejects.toThrow('BAD_USER_INPUT: after');
    await expect(page('first: 0')).rejects.toThrow('BAD_USER_INPUT: first');
    await expect(page('first: 101')).rejects.toThrow('BAD_USER_INPUT: first');
    expect(await page('first: 100')).toEqual({ instructors: { edges: [] } });
  });
});
