/**
 * The same request at every door of a gateway, and what each answers first.
 */
import { eventually } from '@lyceum/testing';
import type { TestGateway } from './harness.ts';
import { openSocket } from './sockets.ts';

export interface Params {
  readonly query?: string;
  readonly documentId?: string;
  readonly variables?: Record<string, unknown>;
  readonly extensions?: Record<string, unknown>;
}

export interface FirstAnswer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: { message: string; extensions: { code: string; details?: Record<string, unknown> } }[];
}

export type DoorName = 'POST' | 'GET' | 'server-sent events by POST' | 'server-sent events by GET' | 'WebSocket';
type Door = (gateway: Pick<TestGateway, 'url'>, params: Params, token?: string) => Promise<FirstAnswer>;

const JSON_ANSWER = 'application/graphql-response+json';
const EVENTS = 'text/event-stream';

export const doors: Record<DoorName, Door> = {
  POST: (gateway, params, token) => post(gateway.url, params, JSON_ANSWER, token),
  GET: (gateway, params, token) => get(gateway.url, params, JSON_ANSWER, token),
  'server-sent events by POST': (gateway, params, token) => post(gateway.url, params, EVENTS, token),
  'server-sent events by GET': (gateway, params, token) => get(gateway.url, params, EVENTS, token),
  async WebSocket(gateway, params, token) {
    const socket = await openSocket(gateway.url, token ? { authorization: `Bearer ${token}` } : {});
    await eventually(() => socket.messages[0]?.type === 'connection_ack');
    socket.send({ id: '1', type: 'subscribe', payload: { query: '', ...params } });
    const { type, payload } = await socket.answerTo('1');
    socket.close();
    return (type === 'error' ? { errors: payload } : payload) as FirstAnswer;
  },
};

export const everyDoor = Object.entries(doors) as [DoorName, Door][];

/** The code of the first error. */
export function codeOf({ errors }: FirstAnswer): string {
  return errors?.[0]?.extensions.code ?? 'OK';
}

function headersFor(accept: string, token?: string): Record<string, string> {
  return { accept, ...(token && { authorization: `Bearer ${token}` }) };
}

function post(url: string, params: Params, accept: string, token?: string): Promise<FirstAnswer> {
  const headers = { 'content-type': 'application/json', ...headersFor(accept, token) };
  return firstAnswer(url, { method: 'POST', headers, body: JSON.stringify(params) });
}

function get(url: string, params: Params, accept: string, token?: string): Promise<FirstAnswer> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    search.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return firstAnswer(`${url}?${search}`, { headers: headersFor(accept, token) });
}

async function firstAnswer(url: string, init: RequestInit): Promise<FirstAnswer> {
  const hangUp = new AbortController();
  const response = await fetch(url, { ...init, signal: hangUp.signal });
  if (response.headers.get('content-type') !== EVENTS) return (await response.json()) as FirstAnswer;
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const [, event] = /^event: next\ndata: (.*)\n\n/m.exec(text) ?? [];
    if (event === undefined) continue;
    hangUp.abort();
    return JSON.parse(event) as FirstAnswer;
  }
  throw new Error(`The stream ended without an answer: ${text}`);
}
