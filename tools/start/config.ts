/**
 * What the launcher reads from its environment: addresses of servers that exist already, and what it hands on.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadEnvFile } from 'node:process';
import { repositoryRoot } from '@lyceum/local-stack';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment, completed by a file `.env` at the root; what is set already wins over the file. */
export function readEnvironment(): Environment {
  const file = join(repositoryRoot, '.env');
  if (existsSync(file)) loadEnvFile(file);
  return process.env;
}

/** Where everything of the development stack lies. */
export function dataDirectory(): string {
  return resolve(repositoryRoot, readEnvironment().LYCEUM_DIR || '.lyceum/dev');
}

/**
 * What services inherit. Left out are npm's own variables, those by which libpq changes connections behind a URL's back,
 * and NO_COLOR and the like, which are about our terminal.
 */
export function inheritedVariables(environment: Environment): Record<string, string> {
  const left = /^(npm_|PG[A-Z]+$|INIT_CWD$|PORT$|FORCE_COLOR$|NO_COLOR$|VITEST|NODE_CHANNEL)/;
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value !== '' && !left.test(name)) inherited[name] = value;
  }
  return inherited;
}
