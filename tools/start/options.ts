/**
 * The flags of `npm start`.
 */
import { parseArgs } from 'node:util';

export const HELP = `npm start [-- flags]

Boots Lyceum on this machine and keeps it running until Ctrl-C.

  --fresh         wipe .lyceum/dev (databases, Redis, secrets) first
  --no-seed       start with empty databases
  --port <port>   the gateway's port (default 4000, or a free one)
  --help          this text

PostgreSQL and Redis are started in .lyceum/dev. To use your own, set DATABASE_URL_* and REDIS_URL in the environment or
in a file .env: see .env.example.`;

export interface StartOptions {
  readonly fresh: boolean;
  readonly seed: boolean;
  readonly help: boolean;
  /** Asked for by name: taken means an error, not another port. */
  readonly port: number | undefined;
}

/** Throws in plain words for a flag it does not know. */
export function readOptions(args: readonly string[]): StartOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      fresh: { type: 'boolean', default: false },
      seed: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
      port: { type: 'string' },
    },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new Error(`--port must be a number from 1 to 65535, not ${values.port}.`);
  }
  return { fresh: values.fresh, seed: values.seed, help: values.help, port };
}
