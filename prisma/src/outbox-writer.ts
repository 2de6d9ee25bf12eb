/**
 * Writes what must leave the database as rows of the transaction itself. The relay (`openOutboxReader`) sends them.
 */
import type { EventDefinition, JobDefinition } from '@lyceum/contracts';
import type { Prisma } from './__generated__/users/client.ts';
import { newId, randomBucket } from './ids.ts';
import { sql } from './sql.ts';
import type { OutboxWriter } from './types.ts';

/** What every domain's transaction client can do. */
type Executor = Pick<Prisma.TransactionClient, '$executeRaw'>;

export function createOutboxWriter(tx: Executor): OutboxWriter {
  return {
    async add(event: EventDefinition, input: unknown) {
      const payload = event.payload.parse(input);
      await tx.$executeRaw(
        sql`INSERT INTO outbox_message (id, kind, name, version, key, payload, delivery)
            VALUES (${newId(randomBucket())}::uuid, 'event', ${event.name}, ${event.version}, ${event.key(payload)},
                    ${JSON.stringify(payload)}::jsonb, ${event.delivery})`,
      );
    },
    async enqueue(job: JobDefinition, input: unknown) {
      const payload = job.payload.parse(input);
      await tx.$executeRaw(
        sql`INSERT INTO outbox_message (id, kind, name, version, key, payload, queue)
            VALUES (${newId(randomBucket())}::uuid, 'job', ${job.name}, ${job.version}, ${job.key(payload)},
                    ${JSON.stringify(payload)}::jsonb, ${job.queue})`,
      );
    },
  };
}
