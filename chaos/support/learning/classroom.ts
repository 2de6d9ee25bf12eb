/**
 * Learners who are enrolled in one course and follow their progress, on a stack of their own.
 */
import type { Chaos } from '../../scenario.ts';
import type { DatabasesOptions } from '../databases.ts';
import { type Course, enroll, readCourse } from './course.ts';
import { type Learner, openLearners } from './learners.ts';
import { type LearningStack, openLearningStack } from './stack.ts';
import type { SubscriberTally } from './subscriber.ts';

export interface Classroom {
  readonly stack: LearningStack;
  readonly course: Course;
  readonly learners: readonly Learner[];
  /** Of all their devices. */
  readonly received: Readonly<SubscriberTally>;
}

export interface ClassroomOptions extends DatabasesOptions {
  readonly learners: number;
  /** Subscribers of each. */
  readonly devices: number;
  /** Told how long after its commit an event came. */
  readonly onDelivery?: (delayMs: number) => void;
}

/** Everything belongs to the run: it is closed when the scenario ends, also when this throws. */
export async function openClassroom(
  chaos: Chaos,
  { learners: count, devices, onDelivery = () => {}, ...databases }: ClassroomOptions,
): Promise<Classroom> {
  const stack = await openLearningStack(chaos, databases);
  const [{ client }] = stack.gateways;
  const course = await readCourse(client);
  const received: SubscriberTally = { subscribed: 0, events: 0, refusals: {}, closeCodes: {} };
  const learners = await openLearners(chaos, stack, { count, devices, course, tally: received, onDelivery });
  await Promise.all(learners.map(({ token }) => enroll(client, token, course.id)));
  chaos.say(`${count} learners of ${course.title} are there, with ${count * devices} subscriptions`);
  return { stack, course, learners, received };
}
