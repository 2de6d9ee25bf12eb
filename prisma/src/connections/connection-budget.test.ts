import { expect, test } from 'vitest';
import { DOMAINS } from '../domain.ts';
import { connectionBudget, type PlacedDatabase } from './connection-budget.ts';
import { connectionProblem } from './connection-limits.ts';
import { DatabasePolicy } from './database-policy.ts';

const policy = (given: object = {}) => DatabasePolicy.parse(given);

/** One server as the primary of a shard in every domain, as the local stack has them. */
const onePrimary = (address = 'a:5432'): PlacedDatabase[] =>
  DOMAINS.map((domain) => ({ domain, role: 'primary', address }));

test('a server that holds every domain is asked for the sum of all pools of all processes', () => {
  const [server] = connectionBudget(policy(), onePrimary());
  // users, progress and ai: 6 + 6 + 4 each; courses: 6 + 6; worker: 4 in three domains, 4 beside them in all four.
  expect(server).toMatchObject({ address: 'a:5432', role: 'primary', connections: 3 * 16 + 12 + 3 * 4 + 4 * 4 });
  expect(server!.consumers.reduce((sum, { connections }) => sum + connections, 0)).toBe(server!.connections);
});

test('the defaults fit a server with the 100 connections that Postgres gives by default', () => {
  const [server] = connectionBudget(policy(), onePrimary());
  expect(server!.connections).toBeLessThanOrEqual(100 - 3 - policy().spare);
});

test('replicas serve no transactions and no relays', () => {
  const replicas = onePrimary('b:5432').map((database) => ({ ...database, role: 'replica' as const }));
  const [server] = connectionBudget(policy(), replicas);
  expect(server!.connections).toBe(3 * 10 + 6 + 3 * 4 + 4);
  expect(server!.consumers.map(({ name }) => name)).not.toContain('users write');
});

test('several shards on one server are added up; a server that is primary and replica is a primary', () => {
  const both = [...onePrimary(), ...onePrimary(), { domain: 'ai', role: 'replica', address: 'a:5432' } as const];
  const servers = connectionBudget(policy(), [...both, ...onePrimary('b:5432')]);
  const [one] = connectionBudget(policy(), onePrimary());
  expect(servers.map(({ address, role }) => [address, role])).toEqual([
    ['a:5432', 'primary'],
    ['b:5432', 'primary'],
  ]);
  expect(servers[0]!.connections).toBe(2 * one!.connections + 10 + 4 + 1);
});

test('each process more takes its pools more, and a kind that is not run takes none', () => {
  const users = onePrimary().filter(({ domain }) => domain === 'users');
  const sum = (processes: object) => connectionBudget(policy({ processes }), users)[0]!.connections;
  expect(sum({ users: 11 }) - sum({ users: 1 })).toBe(160);
  expect(sum({ users: 1, worker: 0 })).toBe(16);
});

test('a server that cannot give what is needed is named with the numbers, the biggest consumers and what helps', () => {
  const [server] = connectionBudget(policy({ processes: { progress: 20 } }), onePrimary());
  expect(connectionProblem({ ...server!, limit: 400 })).toBeNull();
  expect(connectionProblem({ ...server!, limit: null })).toBeNull();
  expect(connectionProblem({ ...server!, limit: 85 })).toMatch(
    /^a:5432 gives 85 connections .* up to 392 .* progress read 120, progress write 120, .*Lower pools.*pooler: true/,
  );
});
