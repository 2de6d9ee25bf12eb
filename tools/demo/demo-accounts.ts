/**
 * The accounts that the seed makes, for people who try Lyceum. They exist in development stacks only.
 */
export const demoPassword = 'lyceum-demo';

export const demoAccounts = {
  learner: 'learner@lyceum.example',
  instructor: 'instructor@lyceum.example',
  admin: 'admin@lyceum.example',
} as const;
