/**
 * Reads server-sent events from a response, ids included, at the pace of its reader.
 *
 * After "Server-sent events" of the HTML standard, with two bounds that it lacks: on the length of an event, and on the time
 * in which nothing comes, comments included.
 */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
  /** Its own; the standard's "last event ID" is for the reader to keep. */
  readonly id: string | undefined;
}

export interface EventStreamBounds {
  /** In UTF-16 code units. */
  readonly maxEventLength: number;
  readonly maxSilenceMs: number;
}

/** Blocks with an id alone are told too. Throws when the stream breaks or exceeds a bound. */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  { maxEventLength, maxSilenceMs }: EventStreamBounds,
): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let length = 0;
  let id: string | undefined;
  let event = '';
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await withinMs(reader.read(), maxSilenceMs);
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      // A carriage return at the end may be half of a line's end.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        length += line.length;
        if (length > maxEventLength) break;
        if (line !== '') {
          const [, field, text = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
          if (field === 'event') event = text;
          if (field === 'data') data.push(text);
          if (field === 'id' && !text.includes('\0')) id = text;
          continue;
        }
        if (data.length > 0 || id !== undefined || event !== '') yield { event, data: data.join('\n'), id };
        [event, data, length, id] = ['', [], 0, undefined];
      }
      if (length + rest.length > maxEventLength) throw new Error(`An event is longer than ${maxEventLength}.`);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function withinMs<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came for ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
