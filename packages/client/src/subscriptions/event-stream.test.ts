import { expect, test } from 'vitest';
import { readEventStream, type ServerSentEvent } from './event-stream.ts';

const bounds = { maxEventLength: 100, maxSilenceMs: 5_000 };

async function read(
  chunks: readonly string[],
  { isOpen = false, ...more }: { isOpen?: boolean; maxSilenceMs?: number } = {},
): Promise<ServerSentEvent[]> {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      if (!isOpen) controller.close();
    },
  });
  const events: ServerSentEvent[] = [];
  for await (const event of readEventStream(body, { ...bounds, ...more })) events.push(event);
  return events;
}

test('events are the same however the stream is cut and whichever line ends it uses', async () => {
  const lines = [
    ':',
    '',
    'id: c1',
    'event: next',
    'data: {"a":',
    'data:1}',
    '',
    'id: c2',
    '',
    'event: complete',
    'data',
    '',
    '',
  ];
  const events = [
    { event: 'next', data: '{"a":\n1}', id: 'c1' },
    { event: '', data: '', id: 'c2' },
    { event: 'complete', data: '', id: undefined },
  ];
  for (const end of ['\n', '\r\n', '\r']) {
    const text = lines.join(end) + end;
    expect(await read([text])).toEqual(events);
    expect(await read([...text])).toEqual(events);
  }
});

test('comments are no events, and an event without its end is none', async () => {
  expect(await read([':\n\n', ': ping\n\n', 'data: 1\n'])).toEqual([]);
});

test('an event that is too long is refused, in one line or in many', async () => {
  await expect(read([`data: ${'x'.repeat(101)}`])).rejects.toThrow('longer than 100');
  await expect(read(['data: x\n'.repeat(20)])).rejects.toThrow('longer than 100');
  expect(await read(['data: x\n\n'.repeat(100)])).toHaveLength(100);
});

test('a stream in which nothing comes is given up', async () => {
  await expect(read(['data: 1\n\n'], { isOpen: true, maxSilenceMs: 10 })).rejects.toThrow('Nothing came for 10 ms');
});
