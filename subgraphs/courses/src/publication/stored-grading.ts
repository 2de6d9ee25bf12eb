/**
 * What the column `grading` of a problem holds: what is right, and why. It never goes into the graph.
 */
import type { Grading } from '@lyceum/contracts';

export interface StoredGrading {
  /** Null for a problem that is not graded. */
  readonly rule: Grading | null;
  readonly explanation: string;
}
