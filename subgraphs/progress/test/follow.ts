/**
 * Follows a subscription as the gateway does, and keeps whole messages with their cursors.
 */
import type { GraphClient, Message } from '@lyceum/testing';
import { onTestFinished } from 'vitest';

export interface Following<Data> {
  readonly messages: readonly Message<Data>[];
}

/** Without a cursor it asks for one, which comes once all that was there has been heard. */
export function follow<Data extends object>(
  client: GraphClient,
  operation: string,
  variables: Record<string, unknown>,
  cursor: string | null = null,
): Following<Data> {
  const messages: Message<Data>[] = [];
  const source = client.resume<Data>(operation, variables, cursor);
  const read = async () => {
    for await (const message of source) messages.push(message);
  };
  read().catch(() => {});
  // Not waited for: it comes behind the next message.
  onTestFinished(() => void source.return());
  return { messages };
}
