/**
 * Remembers who an access token was found to belong to, so that its signature is not checked for every request.
 *
 * Not for long: until the token expires and for a minute at most, so that a key that is withdrawn ends what it signed; at
 * once when the keys have changed. Bounded; what was used longest ago goes first. Keeps hashes, no tokens.
 */
import { hash } from 'node:crypto';
import type { Clock } from '@lyceum/service-kit';
import type { Identity } from './identity.ts';

export interface VerifiedTokens {
  find(token: string): Identity | undefined;
  remember(token: string, identity: Identity, expiresAt: Date): void;
}

const MAX_AGE_MS = 60_000;
const MAX_TOKENS = 10_000;

/** `keys` gives the key set as it was fetched last: another object after each fetch. */
export function createVerifiedTokens(options: {
  clock: Clock;
  keys: () => unknown;
  maxTokens?: number;
}): VerifiedTokens {
  const { clock, keys, maxTokens = MAX_TOKENS } = options;
  const tokens = new Map<string, { identity: Identity; until: number }>();
  let seen: unknown;
  let seenText: string | undefined;

  function forgetIfKeysChanged(): void {
    const current = keys();
    if (current === seen) return;
    seen = current;
    const text = JSON.stringify(current);
    if (text !== seenText) tokens.clear();
    seenText = text;
  }

  return {
    find(token) {
      forgetIfKeysChanged();
      if (tokens.size === 0) return undefined;
      const key = hash('sha256', token, 'base64');
      const known = tokens.get(key);
      if (!known) return undefined;
      tokens.delete(key);
      if (known.until <= clock.now().getTime()) return undefined;
      tokens.set(key, known);
      return known.identity;
    },
    remember(token, identity, expiresAt) {
      forgetIfKeysChanged();
      const until = Math.min(expiresAt.getTime(), clock.now().getTime() + MAX_AGE_MS);
      tokens.set(hash('sha256', token, 'base64'), { identity, until });
      for (const oldest of tokens.keys()) {
        if (tokens.size <= maxTokens) break;
        tokens.delete(oldest);
      }
    },
  };
}
