/**
 * What a person does at a topic right now, such as writing: true for a moment and stored nowhere.
 */
import { z } from 'zod';

/** A lesson or a course, by its id; in lower case, as its channel is named. */
const Topic = z.uuid('must be the id of a lesson or a course').toLowerCase();
const SignalKind = z.enum(['TYPING', 'VIEWING']);

export const SendSignal = z.object({ topic: Topic, kind: SignalKind });
export const FollowSignals = z.object({ topic: Topic });

/** A message on the topic's channel. */
export const Signal = z.object({ topic: Topic, kind: SignalKind, userId: z.uuid(), occurredAt: z.iso.datetime() });
export type Signal = z.output<typeof Signal>;
