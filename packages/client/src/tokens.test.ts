import { expect, test } from 'vitest';
import { makeToken } from '../test/tokens.ts';
import { LyceumClientError } from './errors.ts';
import { createTokens } from './tokens.ts';

test('a renewed token is used until the application gives a new one, whether or not it has taken the renewed one over', async () => {
  let given = 'a';
  const tokens = createTokens({ token: () => given, refreshToken: () => 'b' });
  expect(await tokens.current()).toBe('a');
  expect(await tokens.replace('a')).toBe('b');
  expect(await tokens.current()).toBe('b');
  given = 'b';
  expect(await tokens.current()).toBe('b');
  given = 'c';
  expect(await tokens.current()).toBe('c');
});

test('a token that somebody else has had replaced is not renewed again', async () => {
  let renewals = 0;
  const refreshToken = async () => {
    renewals += 1;
    return 'b';
  };
  const tokens = createTokens({ token: () => 'a', refreshToken });
  await Promise.all([tokens.replace('a'), tokens.replace('a')]);
  expect(await tokens.replace('a')).toBe('b');
  expect(renewals).toBe(1);
});

test('a device whose clock is an hour ahead renews its token once, not for every request', async () => {
  let renewals = 0;
  const refreshToken = () => {
    renewals += 1;
    return makeToken({ endsIn: -2_700, name: `renewed ${renewals}` });
  };
  const old = makeToken({ endsIn: -3_000 });
  const tokens = createTokens({ token: () => old, refreshToken });
  const first = await tokens.current();
  expect(await tokens.current()).toBe(first);
  expect(renewals).toBe(1);
  expect(tokens.dueInMs(first)).toBeGreaterThan(800_000);
});

test('a token whose renewal fails is used as long as the server takes it, unless the person must sign in again', async () => {
  const old = makeToken({ endsIn: 1 });
  const offline = createTokens({
    token: () => old,
    refreshToken: () => {
      throw new TypeError('offline');
    },
  });
  expect(await offline.current()).toBe(old);
  await expect(offline.replace(old)).rejects.toThrow('offline');
  const signedOut = createTokens({
    token: () => old,
    refreshToken: () => {
      throw new LyceumClientError('UNAUTHENTICATED', 'The session has ended.');
    },
  });
  await expect(signedOut.current()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('a token that is no JWT, or that nobody can renew, is never due', () => {
  expect(createTokens({ refreshToken: () => 'b' }).dueInMs('opaque')).toBeUndefined();
  expect(createTokens({}).dueInMs(makeToken())).toBeUndefined();
});
