/**
 * Counts operations per caller over all gateways: a bucket of tokens in Redis, from which each gateway takes a few at a time.
 *
 * A gateway spends what it has taken without asking, and asks for more before it runs out, so most operations wait for
 * nothing. Tokens come from Redis alone: over all gateways never more is admitted than the bucket gives, but for tokens
 * taken earlier and not spent yet, of which a gateway holds less than two leases for a caller. A lease is what comes in a
 * second, and at most a tenth of a full bucket. The other side of it: a caller who moves between gateways may be refused
 * while as many are left at the one they came from.
 *
 * While Redis is away each gateway counts for itself, with a bucket of the same size in memory: nobody is refused for that
 * reason, and a caller may do as much at each gateway as otherwise at all of them.
 */
import { readFileSync } from 'node:fs';
import type { Logger, Redis, RedisKeys } from '@lyceum/service-kit';
import type { MaybePromise } from '../pipeline.ts';
import { createTokenBucket, type Rate, type TokenBucket } from './token-bucket.ts';

export interface OperationRate {
  /** Takes one token of the caller's. Returns 0, or the milliseconds to wait for the next one. Never throws. */
  take(caller: string, rate: Rate): MaybePromise<number>;
}

interface Account {
  /** Taken from Redis and not spent. */
  leased: number;
  /** There is nothing to be had in Redis before. */
  emptyUntil: number;
  /** Operations that wait for the answer of Redis. */
  waiting: number;
  asking: Promise<void> | undefined;
  /** Used while Redis is away. */
  own: TokenBucket | undefined;
}

const leaseTokens = readFileSync(new URL('./lease-tokens.lua', import.meta.url), 'utf8');

/** Of callers. The one seen longest ago is forgotten, with the few tokens that were taken for it. */
const MAX_ACCOUNTS = 50_000;
/** A Redis that has failed is not waited for again within this time. */
const AWAY_MS = 1_000;

export interface TokenLeasesOptions {
  /** Of role `limiter`. Null: each gateway counts for itself. */
  readonly redis: { readonly limiter: Redis; readonly keys: RedisKeys } | null;
  readonly log: Logger;
  /** Milliseconds that only grow. */
  readonly nowMs?: () => number;
}

export function createTokenLeases({ redis, log, nowMs = () => performance.now() }: TokenLeasesOptions): OperationRate {
  const accounts = new Map<string, Account>();
  let awayUntil = redis ? 0 : Number.POSITIVE_INFINITY;

  function accountOf(caller: string): Account {
    const known = accounts.get(caller);
    if (known) accounts.delete(caller);
    const account = known ?? { leased: 0, emptyUntil: 0, waiting: 0, asking: undefined, own: undefined };
    accounts.set(caller, account);
    const [oldest] = accounts.keys();
    if (accounts.size > MAX_ACCOUNTS && oldest !== undefined) accounts.delete(oldest);
    return account;
  }

  /** Undefined: Redis must be asked first. */
  function takeAtHand(account: Account, rate: Rate): number | undefined {
    const now = nowMs();
    if (now < awayUntil) {
      account.own ??= createTokenBucket();
      return account.own.take(rate, now);
    }
    if (account.leased >= 1) {
      account.leased -= 1;
      return 0;
    }
    return now < account.emptyUntil ? account.emptyUntil - now : undefined;
  }

  /** One question per caller at a time. Never rejects. */
  function ask(account: Account, caller: string, rate: Rate): Promise<void> {
    account.asking ??= lease(account, caller, rate).finally(() => {
      account.asking = undefined;
    });
    return account.asking;
  }

  async function lease(account: Account, caller: string, { perMinute, burst }: Rate): Promise<void> {
    if (!redis) return;
    const wanted = Math.max(leaseSize({ perMinute, burst }), account.waiting);
    try {
      const key = redis.keys.limit('operations', caller);
      const answer = await redis.limiter.eval(leaseTokens, 1, key, perMinute, burst, wanted);
      const [granted, waitMs] = answer as [number, number];
      account.leased += granted;
      account.emptyUntil = granted > 0 ? 0 : nowMs() + waitMs;
      account.own = undefined;
    } catch (err) {
      log.debug({ err }, 'operations cannot be counted in Redis, this gateway counts for itself');
      awayUntil = nowMs() + AWAY_MS;
    }
  }

  async function takeLater(account: Account, caller: string, rate: Rate): Promise<number> {
    account.waiting += 1;
    try {
      // Ends: each answer gives somebody a token, or a time to wait, or the bucket here.
      for (;;) {
        await ask(account, caller, rate);
        const waitMs = takeAtHand(account, rate);
        if (waitMs !== undefined) return waitMs;
      }
    } finally {
      account.waiting -= 1;
    }
  }

  return {
    take(caller, rate) {
      const account = accountOf(caller);
      const waitMs = takeAtHand(account, rate);
      if (waitMs === undefined) return takeLater(account, caller, rate);
      if (waitMs === 0 && account.leased < leaseSize(rate) / 2 && nowMs() >= Math.max(awayUntil, account.emptyUntil)) {
        void ask(account, caller, rate);
      }
      return waitMs;
    },
  };
}

function leaseSize({ perMinute, burst }: Rate): number {
  return Math.max(1, Math.floor(Math.min(burst / 10, perMinute / 60)));
}
