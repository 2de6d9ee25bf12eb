/**
 * What travels around an event's payload, from the outbox row to the subscriber.
 */
import { z } from 'zod';

export const EventEnvelope = z.object({
  /** UUIDv7 of the outbox row. At-least-once delivery: consumers drop an id they have seen. */
  id: z.uuid(),
  name: z.string(),
  version: z.number().int().positive(),
  key: z.string(),
  /** RFC 3339, UTC: when the fact was committed. */
  occurredAt: z.iso.datetime(),
  /** WAL position per `domain/shard` that holds the fact; a reader that saw the event must not read older rows. */
  positions: z.record(z.string(), z.string()),
  payload: z.unknown(),
});
export type EventEnvelope<Payload = unknown> = Omit<z.output<typeof EventEnvelope>, 'payload'> & { payload: Payload };
