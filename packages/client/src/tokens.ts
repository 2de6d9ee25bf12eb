/**
 * The access token that requests and sockets carry, renewed once for all who need it.
 *
 * A token is renewed shortly before it ends, as its `exp` says, or when the server refuses it. Clocks of devices are wrong:
 * the age of a token that was renewed here counts from then, by its own `exp` and `iat`; the device's clock is believed for
 * the first one alone. A token that is no JWT is renewed only when it is refused.
 */
import { isLyceumClientError, LyceumClientError } from './errors.ts';
import { orAborted } from './waiting.ts';

type MaybePromise<T> = T | Promise<T>;

export interface TokenOptions {
  /** The access token to ask with; null for nobody. Called for every request, so it should be at hand. */
  readonly token?: () => MaybePromise<string | null>;
  /**
   * Gets a new access token. Called once for all who wait for it, and not again while it works. What it gives is used until
   * `token` gives something new. Null, and an error with the code UNAUTHENTICATED, say that the person must sign in again;
   * any other error is taken for a passing one.
   */
  readonly refreshToken?: () => MaybePromise<string | null>;
}

export interface Tokens {
  /** One that holds a while yet, if that can be had; null for nobody. */
  current(): Promise<string | null>;
  /** Another one in place of one that was refused. Throws UNAUTHENTICATED if there is none. */
  replace(refused: string | null): Promise<string | null>;
  /** When `current` will renew this token, in milliseconds from now. Undefined: never by itself. */
  dueInMs(token: string | null): number | undefined;
}

/** A new token is asked for this long before the old one ends, or a quarter of its life if that is less. */
const AHEAD_MS = 30_000;
const REFRESH_TIMEOUT_MS = 30_000;

interface Renewed {
  /** What `token` gave then: while it still does, the application has not taken the new one over. */
  readonly given: string | null;
  readonly by: string;
  readonly at: number;
}

export function createTokens({ token = () => null, refreshToken }: TokenOptions): Tokens {
  let renewed: Renewed | undefined;
  let renewing: Promise<string> | undefined;

  function held(given: string | null): string | null {
    return renewed && renewed.given === given ? renewed.by : given;
  }

  function renew(refresh: NonNullable<TokenOptions['refreshToken']>, given: string | null): Promise<string> {
    const run = async () => {
      const timeout = AbortSignal.timeout(REFRESH_TIMEOUT_MS);
      const by = await orAborted(Promise.resolve(refresh()), timeout);
      if (by === null || by === held(given)) throw signInAgain();
      renewed = { given, by, at: Date.now() };
      return by;
    };
    renewing ??= run().finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  function dueInMs(which: string | null): number | undefined {
    const { exp, iat } = readClaims(which);
    if (exp === undefined || !refreshToken) return undefined;
    const lifeMs = iat === undefined ? undefined : (exp - iat) * 1_000;
    const own = renewed?.by === which ? renewed : undefined;
    if (own && lifeMs === undefined) return undefined;
    const endsAt = own && lifeMs !== undefined ? own.at + lifeMs : exp * 1_000;
    return endsAt - Math.min(AHEAD_MS, (lifeMs ?? Number.POSITIVE_INFINITY) / 4) - Date.now();
  }

  return {
    dueInMs,
    async current() {
      const given = await token();
      const now = held(given);
      const due = dueInMs(now);
      if (!refreshToken || due === undefined || due > 0) return now;
      try {
        return await renew(refreshToken, given);
      } catch (error) {
        // It may hold a moment longer than the clock here says: whether it does, the server knows.
        if (isLyceumClientError(error, 'UNAUTHENTICATED')) throw error;
        return now;
      }
    },
    async replace(refused) {
      const given = await token();
      const now = held(given);
      if (now !== refused) return now;
      if (!refreshToken) throw signInAgain();
      return renew(refreshToken, given);
    },
  };
}

/** As headers and parameters of a socket carry it. */
export function bearer(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

function signInAgain(): LyceumClientError {
  return new LyceumClientError('UNAUTHENTICATED', 'The server takes no token that can be had. Sign in again.');
}

/** Seconds. Empty for what is no JWT. */
function readClaims(token: string | null): { exp?: number; iat?: number } {
  try {
    const payload = token?.split('.')[1] ?? '';
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return Number.isFinite(claims.exp)
      ? { exp: claims.exp, iat: Number.isFinite(claims.iat) ? claims.iat : undefined }
      : {};
  } catch {
    return {};
  }
}
