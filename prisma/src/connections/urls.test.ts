import { expect, test } from 'vitest';
import { directOf, readDatabaseUrls, urlsOfShard } from './urls.ts';

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

const POOLED = {
  DATABASE_URL_AI_S1: 'postgres://me:secret@pooler-a:6432/ai',
  DATABASE_REPLICA_URLS_AI_S1: 'postgres://me:secret@pooler-b:6432/ai',
  DATABASE_DIRECT_URL_AI_S1: 'postgres://me:secret@a:5432/ai',
  DATABASE_DIRECT_REPLICA_URLS_AI_S1: 'postgres://me:secret@b:5432/ai',
};

test('the servers behind poolers are named beside them', () => {
  const { s1 } = readDatabaseUrls(POOLED, 'ai', ['s1']);
  expect(s1!.primary).toBe('postgres://me:secret@pooler-a:6432/ai');
  expect(directOf(s1!)).toEqual({
    primary: 'postgres://me:secret@a:5432/ai',
    replicas: ['postgres://me:secret@b:5432/ai'],
  });
});

test('without poolers the servers are those that everybody asks', () => {
  const { s1 } = readDatabaseUrls({ DATABASE_URL_AI_S1: 'postgres://a/1' }, 'ai', ['s1']);
  expect(directOf(s1!)).toEqual({ primary: 'postgres://a/1', replicas: [] });
});

test('a server of the shard map is reached through the pooler before it, if the environment knows one', () => {
  const promoted = urlsOfShard(POOLED, 'ai', 's1', { primary: 'b:5432', replicas: ['c:5432'] });
  expect(promoted.primary).toBe('postgres://me:secret@pooler-b:6432/ai');
  expect(promoted.replicas).toEqual(['postgres://me:secret@c:5432/ai']);
  expect(directOf(promoted).primary).toBe('postgres://me:secret@b:5432/ai');
});

test('a shard that the environment does not know takes all but the address from another server, never from a pooler', () => {
  const joined = urlsOfShard(POOLED, 'ai', 's3', { primary: 'd:5432', replicas: [] });
  expect(joined).toEqual({ primary: 'postgres://me:secret@d:5432/ai', replicas: [] });
});
