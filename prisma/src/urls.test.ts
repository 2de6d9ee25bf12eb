import { expect, test } from 'vitest';
import { readDatabaseUrls } from './urls.ts';

test('primaries and replicas are read by domain and shard', () => {
  const env = {
    DATABASE_URL_USERS_S1: 'postgres://a/1',
    DATABASE_REPLICA_URLS_USERS_S1: 'postgres://b/1, postgresql://c/1',
    DATABASE_URL_USERS_S2: 'postgres://d/1',
    DATABASE_REPLICA_URLS_USERS_S2: '',
  };
  expect(readDatabaseUrls(env, 'users', ['s1', 's2'])).toEqual({
    s1: { primary: 'postgres://a/1', replicas: ['postgres://b/1', 'postgresql://c/1'] },
    s2: { primary: 'postgres://d/1', replicas: [] },
  });
});

test('every bad variable is named at once', () => {
  const env = { DATABASE_URL_AI_S1: 'mysql://a/1', DATABASE_REPLICA_URLS_AI_S1: 'nowhere' };
  expect(() => readDatabaseUrls(env, 'ai', ['s1', 's2'])).toThrow(
    /DATABASE_URL_AI_S1: must.*\n.*DATABASE_REPLICA_URLS_AI_S1: must.*\n.*DATABASE_URL_AI_S2: is not set/,
  );
});
