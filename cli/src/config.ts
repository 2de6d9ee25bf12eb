/**
 * Where the command line tool finds a stack: the environment, or the file that a running `npm start` wrote.
 *
 * The only file here that reads process.env.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { Failure } from './failure.ts';

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const stackFile = join(repositoryRoot, '.lyceum/dev/stack.env');

export type Environment = Readonly<Record<string, string | undefined>>;

export interface StackEnvironment {
  readonly variables: Environment;
  /** For people: where the variables come from. */
  readonly origin: string;
}

/** What is set in the environment wins over the file. Throws a Failure if there is neither. */
export function readStackEnvironment(source: Environment = process.env, file = stackFile): StackEnvironment {
  if (Object.keys(source).some((name) => name.startsWith('DATABASE_URL_') && source[name])) {
    return { variables: source, origin: 'the environment' };
  }
  const shown = relative(process.cwd(), file);
  if (!existsSync(file)) {
    if (source.REDIS_URL) return { variables: source, origin: 'the environment' };
    throw new Failure(
      `No stack was found: start one with \`npm start\`, or set DATABASE_URL_* and REDIS_URL (${shown} does not exist).`,
    );
  }
  const set = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  return { variables: { ...parseEnv(readFileSync(file, 'utf8')), ...set }, origin: shown };
}

export function configFolder(variables: Environment): string {
  return variables.CONFIG_DIR || join(repositoryRoot, 'config');
}
