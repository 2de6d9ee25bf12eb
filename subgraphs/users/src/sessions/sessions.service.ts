/**
 * Sessions: a short access token that nobody looks up, and a refresh token that works once.
 *
 * Each use of a refresh token replaces it. A token that is used again was copied, by a thief or from one; it cannot be
 * told who of the two asks, so the session ends for both (RFC 9700, 4.14.2).
 */
import { randomUUID } from 'node:crypto';
import type { Viewer } from '@lyceum/contracts';
import type { Clock } from '@lyceum/service-kit';
import type { Person } from '../profiles/person.ts';
import type { ProfilesRepository } from '../profiles/profiles.repository.ts';
import type { AccessTokens } from './access-tokens.ts';
import {
  formatRefreshToken,
  newRefreshToken,
  nextRefreshToken,
  parseRefreshToken,
  type RefreshToken,
} from './refresh-tokens.ts';
import type { SessionsRepository } from './sessions.repository.ts';

const refreshLifeMs = 30 * 24 * 60 * 60 * 1_000;

export interface Session {
  readonly outcome: 'Session';
  readonly accessToken: string;
  readonly accessTokenExpiresAt: Date;
  readonly refreshToken: string;
  readonly refreshTokenExpiresAt: Date;
  readonly user: Person;
}

export interface InvalidRefreshToken {
  readonly outcome: 'InvalidRefreshToken';
}

export interface SessionsDependencies {
  readonly sessions: SessionsRepository;
  readonly tokens: AccessTokens;
  readonly people: Pick<ProfilesRepository, 'findCurrent'>;
  readonly clock: Clock;
}

export function createSessionsService({ sessions, tokens, people, clock }: SessionsDependencies) {
  async function present(person: Person, refreshToken: RefreshToken): Promise<Session> {
    const { sessionId } = refreshToken;
    const accessToken = await tokens.issue({ sub: person.id, sid: sessionId, roles: person.roles });
    return {
      outcome: 'Session',
      accessToken: accessToken.token,
      accessTokenExpiresAt: accessToken.expiresAt,
      refreshToken: formatRefreshToken(refreshToken),
      refreshTokenExpiresAt: new Date(clock.now().getTime() + refreshLifeMs),
      user: { ...person, justSignedIn: true },
    };
  }

  return {
    ensureAvailable: () => sessions.ensureAvailable(),

    /** For a person who has just proved to be one. Throws SERVICE_UNAVAILABLE. */
    async start(person: Person): Promise<Session> {
      const token = newRefreshToken(randomUUID());
      await sessions.create(token, person.id, refreshLifeMs);
      return present(person, token);
    },

    /**
     * The roles in the new access token are those of now. The person is read before the token is spent, so that a
     * database that is away costs nobody a session. Throws SERVICE_UNAVAILABLE.
     */
    async refresh(text: string): Promise<Session | InvalidRefreshToken> {
      const invalid: InvalidRefreshToken = { outcome: 'InvalidRefreshToken' };
      const token = parseRefreshToken(text);
      const ownerId = token && (await sessions.ownerOf(token));
      const person = ownerId && (await people.findCurrent(ownerId));
      if (!token || !person) return invalid;
      const next = nextRefreshToken(token);
      const rotation = await sessions.rotate(token, next, refreshLifeMs);
      return rotation === 'rotated' ? present(person, next) : invalid;
    },

    /** Idempotent: true the first time. Nobody signed in has no session to end. Throws SERVICE_UNAVAILABLE. */
    async end(viewer: Viewer | null): Promise<boolean> {
      return viewer !== null && (await sessions.end(viewer.sessionId));
    },
  };
}

export type SessionsService = ReturnType<typeof createSessionsService>;
