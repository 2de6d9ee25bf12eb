/**
 * The scalars that the schemas share: instants and calendar days.
 */
import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** In resolvers a `Date`, an RFC 3339 text, or milliseconds; in arguments always a `Date`. */
export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'An instant in RFC 3339 form, UTC, such as 2026-11-21T07:30:00.000Z.',
  serialize(value) {
    const date = value instanceof Date ? value : new Date(value as string | number);
    if (Number.isNaN(date.getTime())) throw new TypeError('A DateTime holds no instant');
    return date.toISOString();
  },
  parseValue: parseInstant,
  parseLiteral: (node) => parseInstant(node.kind === Kind.STRING ? node.value : undefined),
});

/** In resolvers a text such as 2026-11-21, or a `Date` whose UTC day counts; in arguments always the text. */
export const DateScalar = new GraphQLScalarType<string, string>({
  name: 'Date',
  description: 'A calendar day, such as 2026-11-21.',
  serialize(value) {
    const text = value instanceof Date ? value.toISOString().slice(0, 10) : value;
    if (!isDay(text)) throw new TypeError('A Date holds no day');
    return text;
  },
  parseValue: parseDay,
  parseLiteral: (node) => parseDay(node.kind === Kind.STRING ? node.value : undefined),
});

function parseInstant(value: unknown): Date {
  const date = typeof value === 'string' && INSTANT.test(value) ? new Date(value) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) {
    throw new GraphQLError('Expected an instant such as 2026-11-21T07:30:00.000Z.');
  }
  return date;
}

function parseDay(value: unknown): string {
  if (!isDay(value)) throw new GraphQLError('Expected a day such as 2026-11-21.');
  return value;
}

function isDay(value: unknown): value is string {
  if (typeof value !== 'string' || !DAY.test(value)) return false;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}
