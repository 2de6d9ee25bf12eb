/**
 * Learners with their devices, each of which is a subscriber.
 */
import { until } from '@lyceum/local-stack';
import { sleep } from '@lyceum/service-kit';
import type { Chaos } from '../../scenario.ts';
import type { GatewayClient } from '../gateway-client.ts';
import type { Course } from './course.ts';
import type { Reader } from './reader.ts';
import type { LearningStack } from './stack.ts';
import { type Subscriber, type SubscriberTally, startSubscriber } from './subscriber.ts';
import type { Writer } from './writer.ts';

/** With accounts of what was acknowledged, refused and read. */
export interface Learner extends Writer, Reader {
  readonly id: string;
  readonly subscribers: readonly Subscriber[];
}

export interface LearnersOptions {
  readonly count: number;
  /** Subscribers of each. */
  readonly devices: number;
  readonly course: Course;
  readonly tally: SubscriberTally;
  readonly onDelivery: (delayMs: number) => void;
}

const SIGN_UP = `mutation SignUp($input: SignUpInput!) {
  signUp(input: $input) { ... on Session { accessToken user { id } } }
}`;
const OPEN_MS = 60_000;

/** Resolves when every subscriber has a cursor. The devices of each learner are spread over the gateways. */
export async function openLearners(chaos: Chaos, stack: LearningStack, o: LearnersOptions): Promise<Learner[]> {
  const { urls } = stack;
  const openLearner = async (n: number): Promise<Learner> => {
    const name = `Learner ${n}`;
    const { id, token } = await signUp(stack.gateways[0].client, name);
    const open = (device: number) =>
      startSubscriber({ ...o, learner: name, token, urls, firstUrl: urls[device % urls.length]! });
    const subscribers = Array.from({ length: o.devices }, (_, device) => chaos.own(open(device), (s) => s.stop()));
    return {
      id,
      token,
      subscribers,
      written: { acknowledged: [], failed: 0 },
      read: { answers: 0, failed: 0, stale: 0, samples: [] },
    };
  };
  const learners = await Promise.all(Array.from({ length: o.count }, (_, n) => openLearner(n)));
  const isOpen = () => learners.every(({ subscribers }) => subscribers.every((subscriber) => subscriber.isOpen));
  if (!(await until(isOpen, OPEN_MS))) throw new Error(`not every subscription is open: ${JSON.stringify(o.tally)}`);
  return learners;
}

async function signUp(client: GatewayClient, displayName: string): Promise<{ id: string; token: string }> {
  const email = `${displayName.replace(' ', '-')}@chaos.example`;
  const input = { email, password: `secret of ${displayName}`, displayName };
  const { data, errors } = await client.ask(SIGN_UP, { variables: { input } });
  const { signUp: session } = (data ?? {}) as { signUp?: { accessToken: string; user: { id: string } } };
  if (!session?.accessToken) throw new Error(`${displayName} cannot sign up: ${JSON.stringify(errors ?? data)}`);
  return { id: session.user.id, token: session.accessToken };
}

/** Cuts a socket at random, again and again, `everyMs` on average. Returns how many. */
export async function keepCutting(
  learners: readonly Learner[],
  everyMs: number,
  stopped: AbortSignal,
): Promise<number> {
  const subscribers = learners.flatMap((learner) => learner.subscribers);
  let cuts = 0;
  for (; !stopped.aborted; await sleep(Math.random() * 2 * everyMs, stopped)) {
    subscribers[Math.floor(Math.random() * subscribers.length)]?.cut();
    cuts += 1;
  }
  return cuts;
}
