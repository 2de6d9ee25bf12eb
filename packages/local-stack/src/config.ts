/**
 * What local-stack takes from its own environment: where programs are found.
 */
export function pathVariable(): string {
  return process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
}

/** All that a server process is given: PG* and other variables of the caller must not change how it starts. */
export function serverEnvironment(): Record<string, string> {
  return { PATH: pathVariable(), LC_ALL: 'C', TZ: 'UTC' };
}
