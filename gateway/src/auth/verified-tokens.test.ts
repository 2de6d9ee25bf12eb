import { expect, test } from 'vitest';
import type { Identity } from './identity.ts';
import { createVerifiedTokens } from './verified-tokens.ts';

const identity: Identity = {
  viewer: { id: '01890000-0000-7000-8000-000000000001', sessionId: 's', roles: ['LEARNER'] },
  expiresAt: null,
  requestId: null,
};

function open(maxTokens?: number) {
  let now = 1_000_000;
  let keys: unknown = { keys: [{ kid: 'k1' }] };
  const tokens = createVerifiedTokens({ clock: { now: () => new Date(now) }, keys: () => keys, maxTokens });
  return {
    ...tokens,
    remember: (token: string, lifeMs: number) => tokens.remember(token, identity, new Date(now + lifeMs)),
    wait: (ms: number) => {
      now += ms;
    },
    fetchKeys: (...kids: string[]) => {
      keys = { keys: kids.map((kid) => ({ kid })) };
    },
  };
}

test('a verified token is known for a minute, then checked again', () => {
  const tokens = open();
  tokens.remember('a', 900_000);
  tokens.wait(59_999);
  expect(tokens.find('a')).toBe(identity);
  tokens.wait(1);
  expect(tokens.find('a')).toBeUndefined();
});

test('a verified token is not known for longer than it lives', () => {
  const tokens = open();
  tokens.remember('a', 5_000);
  tokens.wait(4_999);
  expect(tokens.find('a')).toBe(identity);
  tokens.wait(1);
  expect(tokens.find('a')).toBeUndefined();
});

test('a key that is withdrawn or replaced ends at once what was verified before', () => {
  const tokens = open();
  tokens.remember('a', 900_000);
  tokens.fetchKeys('k1');
  expect(tokens.find('a')).toBe(identity);
  tokens.fetchKeys('k2');
  expect(tokens.find('a')).toBeUndefined();
});

test('no more tokens are remembered than allowed: the one used longest ago goes first', () => {
  const tokens = open(2);
  tokens.remember('a', 900_000);
  tokens.remember('b', 900_000);
  tokens.find('a');
  tokens.remember('c', 900_000);
  expect(['a', 'b', 'c'].map((token) => tokens.find(token) === identity)).toEqual([true, false, true]);
});

test('another token is never taken for a known one', () => {
  const tokens = open();
  tokens.remember('header.payload.signature', 900_000);
  expect(tokens.find('header.payload.signaturf')).toBeUndefined();
  expect(tokens.find('header.payload.')).toBeUndefined();
});
