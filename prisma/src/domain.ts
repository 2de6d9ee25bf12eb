/**
 * The four domains. Each has its own schema, and one database per shard.
 */
export const DOMAINS = ['users', 'courses', 'progress', 'ai'] as const;
export type Domain = (typeof DOMAINS)[number];

/** The name of a domain's database on every cluster. */
export function databaseName(domain: Domain): string {
  return `lyceum_${domain}`;
}
