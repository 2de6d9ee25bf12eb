/**
 * What is sent of operations over one event stream: the single connection mode of GraphQL over SSE.
 */
import { writeResult } from '../../http/write-result.ts';
import type { Wording } from '../multiplexed-operations.ts';

/** The protocol has no event for an error: what ends an operation is its last result. */
export const WORDING: Wording = {
  nextHead: (id) => `event: next\ndata: {"id":${JSON.stringify(id)},"payload":`,
  nextTail: '}\n\n',
  complete,
  error: (id, errors) => `${WORDING.nextHead(id)}${writeResult({ errors })}${WORDING.nextTail}${complete(id)}`,
};

function complete(id: string): string {
  return `event: complete\ndata: ${JSON.stringify({ id })}\n\n`;
}
