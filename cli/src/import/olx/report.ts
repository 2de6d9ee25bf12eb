/**
 * What an export held and what was left out, counted while it is read.
 */
import type { ProblemKind } from '@lyceum/courses/import';

export class OlxReport {
  readonly counts = { modules: 0, sections: 0, lessons: 0, text: 0, video: 0, problem: 0 };
  /** Text blocks of which nothing is left to read, such as those that held styles or scripts only. */
  emptyTexts = 0;
  readonly problems = new Map<ProblemKind, number>();
  /** Why problems are not graded. */
  readonly ungraded = new Map<string, number>();
  /** Kinds of blocks that Lyceum does not know, by the name of their element. */
  readonly unknown = new Map<string, number>();
  /** Kinds of wrappers whose content was taken in. */
  readonly unwrapped = new Map<string, number>();
  /** Alternatives of experiments and random choices that were left out. */
  alternatives = 0;
  staffOnly = 0;
  drafts = 0;

  problem(kind: ProblemKind, why: string | null): void {
    count(this.problems, kind);
    if (why) count(this.ungraded, why);
  }
}

export function count<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
