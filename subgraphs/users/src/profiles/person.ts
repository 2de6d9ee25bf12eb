/**
 * A person as this service knows one, and who may see what of them.
 */
import type { Role, Viewer } from '@lyceum/contracts';

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  readonly bio: string | null;
  readonly roles: readonly Role[];
  readonly isInstructor: boolean;
  readonly createdAt: Date;
  /** Set on the answer to the request by which the person has just signed in: it still counts as anonymous. */
  readonly justSignedIn?: true;
}

export function isSelf(viewer: Viewer | null, person: Person): boolean {
  return person.justSignedIn === true || viewer?.id === person.id;
}

/** E-mail address and roles: for the person and for administrators. */
export function seesPrivateFields(viewer: Viewer | null, person: Person): boolean {
  return isSelf(viewer, person) || viewer?.roles.includes('ADMIN') === true;
}
