/**
 * What a learner knows to be so, and what an answer shows of it: nothing that it shows may be older.
 */

/** Each only grows. */
export interface State {
  /** Of the learner's progress in the course. */
  readonly revision: number;
  /** How often the learner's name was changed. */
  readonly edition: number;
}

/** Where it comes from: an acknowledged write, or an event that was received. */
export type Source = 'write' | 'event';

export interface Known {
  learn(source: Source, state: Partial<State>): void;
  /** As it is now, by source; what is learnt later does not change it. */
  now(): Readonly<Record<Source, State>>;
}

const NOTHING: State = { revision: 0, edition: 0 };

export function createKnown(): Known {
  const known = { write: NOTHING, event: NOTHING };
  return {
    learn(source, { revision = 0, edition = 0 }) {
      const before = known[source];
      known[source] = {
        revision: Math.max(before.revision, revision),
        edition: Math.max(before.edition, edition),
      };
    },
    now: () => ({ ...known }),
  };
}

/** What of it the answer is older than; null if it shows all that it asked for. Own writes come first. */
export function olderThan(known: Readonly<Record<Source, State>>, shown: Partial<State>): Source | null {
  const isOlder = ({ revision, edition }: State) =>
    (shown.revision ?? revision) < revision || (shown.edition ?? edition) < edition;
  if (isOlder(known.write)) return 'write';
  return isOlder(known.event) ? 'event' : null;
}

export function nameOf(edition: number): string {
  return `Learner, edition ${edition}`;
}

/** 0 for the name of the sign-up. */
export function editionOf(name: string): number {
  return Number(/, edition (\d+)$/.exec(name)?.[1] ?? 0);
}
