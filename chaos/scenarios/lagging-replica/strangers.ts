/**
 * Those who have written nothing for a while: they may be shown what a replica shows, and only for so long.
 */
import { sleep } from '@lyceum/service-kit';
import type { GatewayClient } from '../../support/gateway-client.ts';
import type { Course } from '../../support/learning/course.ts';
import { lookAtCatalogue, lookAtCourse, lookAtEnrollment, lookAtPerson, oneOf } from './operations.ts';
import type { Viewer } from './viewer.ts';

export interface StrangersOptions {
  /** Undefined: nobody in particular. */
  readonly tokens: readonly (string | undefined)[];
  /** Those whose names they see. */
  readonly viewers: readonly Viewer[];
  readonly course: Course;
  readonly clients: readonly GatewayClient[];
}

export interface StrangersTally {
  reads: number;
  failed: number;
  /** Names that had been changed again, and acknowledged, before they were asked for. */
  past: number;
}

/** Each looks at this and that, one after the other, until told to stop. */
export async function lookAround(
  { tokens, viewers, course, clients }: StrangersOptions,
  stopped: AbortSignal,
): Promise<StrangersTally> {
  const tally: StrangersTally = { reads: 0, failed: 0, past: 0 };
  const lookOnce = async (token: string | undefined) => {
    const viewer = oneOf(viewers);
    const { edition } = viewer.known.now().write;
    const own = token === undefined ? [] : [lookAtCourse(course.id), lookAtEnrollment(course.id)];
    const person = lookAtPerson(viewer.id);
    const look = oneOf([person, lookAtCatalogue(), ...own]);
    const { data, errors } = await oneOf(clients).ask(look.query, { token, variables: look.variables });
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    const shown = look.read(data);
    if (look === person && shown.edition! < edition) tally.past += 1;
  };
  const keepLooking = async (token: string | undefined) => {
    while (!stopped.aborted) {
      tally.reads += 1;
      await lookOnce(token).catch(() => {
        tally.failed += 1;
      });
      await sleep(10, stopped);
    }
  };
  await Promise.all(tokens.map(keepLooking));
  return tally;
}
