/**
 * The two shapes every asynchronous contract takes: an event (a fact, after commit) and a job (work to be done once).
 *
 * Both are versioned and validated on both ends. A leaf: nothing of Lyceum is imported here.
 */
import type { z } from 'zod';

/**
 * Who reads an event, and therefore where the relay writes it.
 * - `live`: one Redis stream per key, for subscriptions. Ordered per key, trimmed by length and age.
 * - `log`: one Redis stream for all keys, for consumer groups of other services. Ordered per key.
 */
export type Delivery = 'live' | 'log';

export interface EventDefinition<Name extends string = string, Schema extends z.ZodType = z.ZodType> {
  readonly kind: 'event';
  readonly name: Name;
  readonly version: number;
  readonly delivery: Delivery;
  readonly payload: Schema;
  /** The ordering key: events of one key arrive in the order of their commits. */
  readonly key: (payload: z.output<Schema>) => string;
}

export interface JobDefinition<Name extends string = string, Schema extends z.ZodType = z.ZodType> {
  readonly kind: 'job';
  readonly name: Name;
  readonly version: number;
  /** The BullMQ queue that carries the job. */
  readonly queue: string;
  readonly payload: Schema;
  /** The de-duplication key: a job with a key that is already queued is not queued again. */
  readonly key: (payload: z.output<Schema>) => string;
}

export type PayloadOf<Definition extends { payload: z.ZodType }> = z.output<Definition['payload']>;

export function defineEvent<const Name extends string, Schema extends z.ZodType>(
  definition: Omit<EventDefinition<Name, Schema>, 'kind'>,
): EventDefinition<Name, Schema> {
  return { kind: 'event', ...definition };
}

export function defineJob<const Name extends string, Schema extends z.ZodType>(
  definition: Omit<JobDefinition<Name, Schema>, 'kind'>,
): JobDefinition<Name, Schema> {
  return { kind: 'job', ...definition };
}
