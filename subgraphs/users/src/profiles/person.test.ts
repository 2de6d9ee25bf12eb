/**
 * Who may see what of a person.
 */
import { randomUUID } from 'node:crypto';
import type { Viewer } from '@lyceum/contracts';
import { describe, expect, it } from 'vitest';
import { isSelf, type Person, seesPrivateFields } from './person.ts';

const ada: Person = {
  id: randomUUID(),
  email: 'ada@lyceum.test',
  displayName: 'Ada',
  bio: null,
  roles: ['LEARNER'],
  isInstructor: false,
  createdAt: new Date(0),
};
const viewer = (id: string, roles: Viewer['roles'] = ['LEARNER']): Viewer => ({ id, sessionId: randomUUID(), roles });

describe('the private fields of a person', () => {
  it('are seen by the person and by administrators, and by nobody else', () => {
    expect(seesPrivateFields(viewer(ada.id), ada)).toBe(true);
    expect(seesPrivateFields(viewer(randomUUID(), ['LEARNER', 'ADMIN']), ada)).toBe(true);
    expect(seesPrivateFields(viewer(randomUUID(), ['LEARNER', 'INSTRUCTOR']), ada)).toBe(false);
    expect(seesPrivateFields(null, ada)).toBe(false);
  });

  it('are seen in the answer to the own sign-in, which itself is anonymous', () => {
    expect(seesPrivateFields(null, { ...ada, justSignedIn: true })).toBe(true);
  });

  it('that are settings are not seen by administrators either', () => {
    expect(isSelf(viewer(randomUUID(), ['LEARNER', 'ADMIN']), ada)).toBe(false);
  });
});
