/**
 * Raw event streams, for what a well-behaved client hides.
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

export interface ServerSentEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: Data;
}

/** Of one operation by itself, or of one of several. */
interface Data {
  readonly id?: string;
  readonly payload?: Data;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: { message: string; extensions?: Record<string, unknown> }[];
  readonly extensions?: { cursor?: string };
}

export interface RawEventStream {
  readonly status: number;
  readonly response: IncomingMessage;
  /** Every event that came, in order; comments are none. */
  readonly events: ServerSentEvent[];
  /** Resolves when it is over: whether it was ended properly or broken off. */
  readonly over: Promise<'ended' | 'broken off'>;
  close(): void;
}

export async function openEventStream(
  url: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: object } = {},
): Promise<RawEventStream> {
  const asking = request(url, {
    method: body ? 'POST' : 'GET',
    headers: { accept: 'text/event-stream', ...(body && { 'content-type': 'application/json' }), ...headers },
  });
  asking.end(body && JSON.stringify(body));
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const events: ServerSentEvent[] = [];
  let event: Record<string, unknown> = {};
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  function take(line: string): void {
    if (line === '') {
      if (Object.keys(event).length > 0) events.push(event);
      event = {};
      return;
    }
    const [, field = '', value = ''] = /^(\w*):\s?(.*)$/.exec(line) ?? [];
    if (field !== '') event[field] = field === 'data' && value !== '' ? JSON.parse(value) : value;
  }
  response.on('error', () => {});
  const over = new Promise<'ended' | 'broken off'>((resolve) => {
    response.once('close', () => resolve(response.complete ? 'ended' : 'broken off'));
  });
  return { status: response.statusCode ?? 0, response, events, over, close: () => asking.destroy() };
}
