/**
 * The form of refresh tokens.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatRefreshToken, newRefreshToken, nextRefreshToken, parseRefreshToken } from './refresh-tokens.ts';

describe('a refresh token', () => {
  it('reads back as it was written', () => {
    const token = newRefreshToken(randomUUID());
    expect(parseRefreshToken(formatRefreshToken(token))).toEqual(token);
  });

  it('is followed by one of the same session and family with another secret', () => {
    const token = newRefreshToken(randomUUID());
    const next = nextRefreshToken(token);
    expect(next).toMatchObject({ sessionId: token.sessionId, family: token.family });
    expect(next.secret).not.toEqual(token.secret);
  });

  it.each(['', 'x', 'not a token', 'A'.repeat(85), 'A'.repeat(87), `${'A'.repeat(85)}=`, 'A'.repeat(10_000)])(
    'is not read from %j',
    (text) => {
      expect(parseRefreshToken(text)).toBeNull();
    },
  );
});
