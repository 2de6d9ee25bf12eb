/**
 * One account for each role, for people who try Lyceum. For development stacks only: the password is public.
 */
import type { Role } from '@lyceum/contracts';

export interface DemoAccount {
  readonly email: string;
  readonly displayName: string;
  readonly bio: string | null;
  readonly roles: readonly Role[];
}

export const demoPassword = 'lyceum-demo';

export const demoAccounts = {
  learner: { email: 'learner@lyceum.example', displayName: 'Lena Learner', bio: null, roles: ['LEARNER'] },
  instructor: {
    email: 'instructor@lyceum.example',
    displayName: 'Ines Instructor',
    bio: 'Writes about databases, learning and graphs, and teaches the courses that Lyceum comes with.',
    roles: ['LEARNER', 'INSTRUCTOR'],
  },
  admin: { email: 'admin@lyceum.example', displayName: 'Ada Admin', bio: null, roles: ['LEARNER', 'ADMIN'] },
} as const satisfies Readonly<Record<string, DemoAccount>>;

export type DemoRole = keyof typeof demoAccounts;
