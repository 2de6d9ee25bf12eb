/**
 * The kinds of values that are unique across shards, and whose rows they belong to.
 */
import type { Domain } from '../domain.ts';

/** By kind: the table whose row owns a value, and the column that holds it there. A new kind is added here alone. */
export const DIRECTORY_OWNERS = {
  users: { email: { table: 'user_account', column: 'email' } },
  courses: {
    slug: { table: 'course', column: 'slug' },
    external_key: { table: 'course', column: 'external_key' },
  },
  progress: {},
  ai: {},
} as const satisfies Record<Domain, Record<string, { table: string; column: string }>>;

export type DirectoryKind<D extends Domain> = keyof (typeof DIRECTORY_OWNERS)[D] & string;

/** The domains in which values are claimed. */
export const DIRECTORY_DOMAINS = ['users', 'courses'] as const satisfies readonly Domain[];
