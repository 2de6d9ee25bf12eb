/**
 * Follows one learner's progress over a WebSocket, as a client that must not miss anything does.
 *
 * It keeps the cursor of the last message. When its socket breaks, however that comes about, it goes on from there at any
 * gateway, after a random wait. An event whose cursor it has seen is dropped.
 */
import { backOffMs, sleep } from '@lyceum/service-kit';
import { WebSocket } from 'ws';
import type { Change, Progress, Update } from './comparison.ts';
import type { Course } from './course.ts';

export interface Subscriber {
  readonly updates: readonly Update[];
  /** Whether it has a cursor: nothing that happens from now on may pass it by. */
  readonly isOpen: boolean;
  /** Hangs up without a goodbye. */
  cut(): void;
  stop(): Promise<void>;
}

export interface SubscriberOptions {
  /** The name that events must tell. */
  readonly learner: string;
  readonly token: string;
  readonly course: Course;
  /** Where it connects at first. */
  readonly firstUrl: string;
  /** Where it may go on. */
  readonly urls: readonly string[];
  readonly tally: SubscriberTally;
  /** Told how long after its commit an event came. */
  readonly onDelivery: (delayMs: number) => void;
}

/** Of all subscribers together. */
export interface SubscriberTally {
  /** Subscriptions that were sent. */
  subscribed: number;
  events: number;
  /** How subscriptions ended other than with their socket: code → times. */
  readonly refusals: Record<string, number>;
  /** How sockets were closed: code → times. 1006 is a cut. */
  readonly closeCodes: Record<number, number>;
}

const SUBSCRIPTION = `subscription Follow($courseId: ID) {
  progressUpdated(courseId: $courseId) {
    reason occurredAt
    learner { displayName }
    course { id title }
    lesson { id title }
    progress {
      percentage completedLessons totalLessons answeredProblems correctProblems totalProblems revision
    }
  }
}`;
const CONNECT_MS = 10_000;
/** Gateways ping more often. */
const SILENCE_MS = 40_000;
const BACK_OFF = { baseMs: 100, maxMs: 2_000 };

interface Message {
  readonly type: string;
  readonly payload?: unknown;
}

interface Payload {
  readonly data?: { readonly progressUpdated: ProgressUpdate | null } | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
  readonly extensions?: { readonly cursor?: string };
}

interface ProgressUpdate {
  readonly reason: Change['reason'];
  readonly occurredAt: string;
  readonly learner: { readonly displayName: string } | null;
  readonly course: { readonly id: string; readonly title: string } | null;
  readonly lesson: { readonly id: string; readonly title: string } | null;
  readonly progress: Progress;
}

export function startSubscriber(options: SubscriberOptions): Subscriber {
  const { token, course, firstUrl, urls, tally, onDelivery } = options;
  const stopping = new AbortController();
  const updates: Update[] = [];
  const seen = new Set<string>();
  let cursor: string | null = null;
  let socket: WebSocket | undefined;

  /** A result without an event tells a cursor alone. */
  function take({ data, errors, extensions }: Payload): void {
    const update = data?.progressUpdated;
    if (update) {
      tally.events += 1;
      const isRepeated = extensions?.cursor !== undefined && seen.has(extensions.cursor);
      if (!isRepeated) updates.push(read(update, errors === undefined && extensions?.cursor !== undefined));
      onDelivery(Date.now() - Date.parse(update.occurredAt));
    } else if (errors) {
      count(errors);
    }
    if (extensions?.cursor === undefined) return;
    cursor = extensions.cursor;
    seen.add(cursor);
  }

  function read({ reason, learner, lesson, progress, ...update }: ProgressUpdate, isSound: boolean): Update {
    const isNamed = update.course?.id === course.id && update.course.title === course.title;
    const hasLesson = reason === 'ENROLLED' || (lesson !== null && course.lessons.get(lesson.id) === lesson.title);
    return {
      reason,
      lessonId: lesson?.id ?? null,
      progress,
      isComplete: isSound && isNamed && hasLesson && learner?.displayName === options.learner,
    };
  }

  function count(errors: Payload['errors']): void {
    const code = errors?.[0]?.extensions?.code ?? 'no code';
    tally.refusals[code] = (tally.refusals[code] ?? 0) + 1;
  }

  /** Until the socket is gone. Returns whether the gateway took the subscription. */
  async function followOnce(url: string): Promise<boolean> {
    const own = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws', { handshakeTimeout: CONNECT_MS });
    socket = own;
    let isTaken = false;
    const send = (message: object) => own.send(JSON.stringify(message));
    const silence = setTimeout(() => own.terminate(), SILENCE_MS);
    own.on('error', () => {});
    own.on('ping', () => silence.refresh());
    own.on('open', () => send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
    own.on('message', (data) => {
      silence.refresh();
      const { type, payload } = JSON.parse(String(data)) as Message;
      if (type === 'connection_ack') {
        tally.subscribed += 1;
        const variables = { courseId: course.id };
        send({ id: '1', type: 'subscribe', payload: { query: SUBSCRIPTION, variables, extensions: { cursor } } });
      } else if (type === 'ping') {
        send({ type: 'pong' });
      } else if (type === 'next') {
        isTaken = true;
        take(payload as Payload);
      } else if (type === 'error' || type === 'complete') {
        count(type === 'error' ? (payload as Payload['errors']) : [{ extensions: { code: 'complete' } }]);
        own.close();
      }
    });
    const code = await new Promise<number>((resolve) => own.once('close', resolve));
    tally.closeCodes[code] = (tally.closeCodes[code] ?? 0) + 1;
    clearTimeout(silence);
    return isTaken;
  }

  async function follow(): Promise<void> {
    let url = firstUrl;
    for (let failures = 1; !stopping.signal.aborted; ) {
      failures = (await followOnce(url)) ? 1 : failures + 1;
      await sleep(backOffMs(failures, BACK_OFF), stopping.signal);
      url = urls[Math.floor(Math.random() * urls.length)]!;
    }
  }

  const following = follow();
  return {
    updates,
    get isOpen() {
      return cursor !== null;
    },
    cut: () => socket?.terminate(),
    async stop() {
      stopping.abort();
      socket?.terminate();
      await following;
    },
  };
}
