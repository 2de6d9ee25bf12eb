/**
 * Structured logs, one JSON object a line on stdout. Attributes first, then a constant message.
 *
 * Secrets are removed by name, three levels deep, wherever they are put by mistake.
 */
import {
  type DestinationStream,
  type LoggerOptions,
  type Logger as PinoLogger,
  pino,
  stdSerializers,
  stdTimeFunctions,
} from 'pino';

export type Logger = PinoLogger;

const SECRET_NAMES = [
  'authorization',
  'password',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'claims',
  'secret',
  'apiKey',
  'cookie',
  '["lyceum-claims"]',
];

/** Without the client that errors of `pg` carry: pages of settings and statements, of which none was meant for a log. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { client: _, ...told } = stdSerializers.err(error);
  return told;
}

const join = (prefix: string, name: string) => (name.startsWith('[') ? `${prefix}${name}` : `${prefix}.${name}`);

/** Writes to stdout unless told otherwise. */
export function createLogger(
  service: string,
  { level = 'info', destination }: { level?: string; destination?: DestinationStream } = {},
): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: serializeError },
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: SECRET_NAMES.flatMap((name) => [name, join('*', name), join('*.*', name)]),
      censor: '[redacted]',
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
