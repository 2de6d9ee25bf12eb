import { join } from 'node:path';
import { createLogger, openPolicy } from '@lyceum/service-kit';
import { expect, test } from 'vitest';
import { GatewayPolicy, readConfig } from './config.ts';

const SECRET = { CLAIMS_SECRET: 'a secret for tests that is long enough to sign with' };

test('a subgraph may have several addresses, and each must be a URL', () => {
  const list = 'http://10.0.0.1:4002/graphql, http://10.0.0.2:4002/graphql';
  expect(readConfig({ ...SECRET, SUBGRAPH_URL_COURSES: list }).SUBGRAPH_URL_COURSES).toBe(list);
  for (const bad of ['http://10.0.0.1/graphql,', 'http://10.0.0.1/graphql, nonsense', 'ftp://10.0.0.1/graphql']) {
    expect(() => readConfig({ ...SECRET, SUBGRAPH_URL_COURSES: bad })).toThrow(/SUBGRAPH_URL_COURSES/);
  }
});

test('no credential and no header of the connection can be propagated to subgraphs', () => {
  const propagating = (name: string) => GatewayPolicy.safeParse({ subgraphs: { propagateHeaders: [name] } }).success;
  expect(propagating('accept-language')).toBe(true);
  for (const name of [
    'authorization',
    'cookie',
    'lyceum-claims',
    'lyceum-positions',
    'host',
    'content-length',
    'x-request-id',
    'X-Tenant',
  ]) {
    expect(propagating(name)).toBe(false);
  }
});

test('the committed policy asks subgraphs as the defaults do', async () => {
  const file = join(import.meta.dirname, '../../config/gateway.yaml');
  const log = createLogger('test', { level: 'silent' });
  const { current } = await openPolicy(file, GatewayPolicy, { log, watch: false });
  expect(current.subgraphs).toEqual(GatewayPolicy.parse({}).subgraphs);
});
