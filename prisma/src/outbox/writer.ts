/**
 * Writes what must leave the database as rows of the transaction itself. The relay (`openOutboxReader`) sends them.
 */
import type { EventDefinition, JobDefinition } from '@lyceum/contracts';
import { newId, randomBucket } from '../ids.ts';
import { type Sql, sql } from '../statements/sql.ts';
import type { OutboxWriter } from '../types.ts';

/** `send` takes a statement of the transaction that nobody waits for; if it fails, the transaction does. */
export function createOutboxWriter(send: (statement: Sql) => void): OutboxWriter {
  return {
    async add(event: EventDefinition, input: unknown) {
      const payload = event.payload.parse(input);
      send(
        sql`INSERT INTO outbox_message (id, kind, name, version, key, payload, delivery)
            VALUES (${newId(randomBucket())}::uuid, 'event', ${event.name}, ${event.version}, ${event.key(payload)},
                    ${JSON.stringify(payload)}::jsonb, ${event.delivery})`,
      );
    },
    async enqueue(job: JobDefinition, input: unknown) {
      const payload = job.payload.parse(input);
      send(
        sql`INSERT INTO outbox_message (id, kind, name, version, key, payload, queue)
            VALUES (${newId(randomBucket())}::uuid, 'job', ${job.name}, ${job.version}, ${job.key(payload)},
                    ${JSON.stringify(payload)}::jsonb, ${job.queue})`,
      );
    },
  };
}
