/**
 * What the resolvers of a GraphQL type receive as their parent, named `<GraphQLType>Parent`; the generator reads this.
 */
import type { Presence } from '@lyceum/service-kit';
import type { EmailTaken, InvalidCredentials } from './accounts/accounts.service.ts';
import type { Notification } from './notifications/notification.ts';
import type { Preferences } from './preferences/preferences.ts';
import type { PresenceChange } from './presence/presence.service.ts';
import type { Person } from './profiles/person.ts';
import type { InvalidRefreshToken, Session } from './sessions/sessions.service.ts';
import type { Signal } from './signals/signal.ts';

/** An entity of another subgraph, by its key. */
interface EntityReference {
  readonly id: string;
}

export type CourseParent = EntityReference;
export type AiJobParent = EntityReference;

export type UserParent = Person;
export type PreferencesParent = Preferences;
export type SessionParent = Session;
export type EmailTakenParent = EmailTaken;
export type InvalidCredentialsParent = InvalidCredentials;
export type InvalidRefreshTokenParent = InvalidRefreshToken;
export type SignUpResultParent = Session | EmailTaken;
export type SignInResultParent = Session | InvalidCredentials;
export type RefreshSessionResultParent = Session | InvalidRefreshToken;
export type NotificationParent = Notification;
export type PresenceParent = Presence;
export type PresenceChangeParent = PresenceChange;
export type SignalParent = Signal;
