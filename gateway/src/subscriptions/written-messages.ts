/**
 * Puts results that are written already into the messages of graphql-ws, which writes every message with
 * `JSON.stringify`: a short stand-in goes through it, and its place is taken by the text when the message is sent.
 */
export interface WrittenMessages {
  /** What graphql-ws is given as the payload of a `next` message. */
  standIn(payload: string): Record<string, unknown>;
  /** The message as it is sent. */
  complete(message: string): string;
}

/** At the end of a message, where nothing that a client chose can stand. */
const STAND_IN = /,"type":"next","payload":\{"written":(\d+)\}\}$/;

export function createWrittenMessages(): WrittenMessages {
  const payloads = new Map<number, string>();
  let last = 0;
  return {
    standIn(payload) {
      last += 1;
      payloads.set(last, payload);
      return { written: last };
    },
    complete(message) {
      const found = payloads.size > 0 ? STAND_IN.exec(message) : null;
      const number = Number(found?.[1]);
      const payload = payloads.get(number);
      if (!found || payload === undefined) return message;
      payloads.delete(number);
      return `${message.slice(0, found.index)},"type":"next","payload":${payload}}`;
    },
  };
}
