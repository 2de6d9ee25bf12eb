/**
 * The one place of the bench that reads the environment.
 */

/** For the processes that are started: nothing of ours, and no developer's mode of any library. */
export const processEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '/',
  TMPDIR: process.env.TMPDIR ?? '/tmp',
  NODE_ENV: 'production',
};

/** The npm that runs us, if one does: it installs the peers. */
export const npmCommand: readonly [string, ...string[]] = process.env.npm_execpath
  ? [process.execPath, process.env.npm_execpath]
  : ['npm'];

export const npmEnvironment: NodeJS.ProcessEnv = { ...process.env, NODE_ENV: 'development' };
