/**
 * Boot environment: read once, checked as a whole, restart to change. Secrets live here and nowhere else.
 */
import { join } from 'node:path';
import { z } from 'zod';

/** Variables by name, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration cannot be used. The message lists every bad key with its reason and no values. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(source: string, problems: readonly string[]) {
    super(`${source} cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    // The one who reads this is an operator: where the code noticed it says nothing to them.
    this.stack = this.message;
    this.problems = problems;
  }
}

export function describeIssues(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.map(String).join('.') || '(whole)'}: ${issue.message}`);
}

/**
 * Only `config.ts` files hand `process.env` in. An empty value counts as not set, so that `KEY=` in a file takes the
 * default. Throws one ConfigError that lists every bad key.
 */
export function loadEnv<S extends z.ZodType>(schema: S, source: Environment): z.output<S> {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError('The environment', describeIssues(parsed.error));
}

/** 0 takes a free one. */
export const Port = z.coerce.number().int().min(0).max(65_535);

/** What most services need; extend it in the service's `config.ts`. */
export const ServiceEnv = z.object({
  /** Where the policies lie. By default the folder of this repository. */
  CONFIG_DIR: z.string().default(join(import.meta.dirname, '../../../config')),
  HOST: z.string().default('127.0.0.1'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  REDIS_URL: z.string().regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL'),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w-]+$/, 'letters, digits, _ and - only')
    .default('lyceum'),
});

/** CLAIMS_SECRET, the key shared by the gateway and the services behind it. */
export const ClaimsEnv = z.object({ CLAIMS_SECRET: z.string().min(32, 'must be at least 32 characters') });
