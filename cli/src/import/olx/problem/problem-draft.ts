/**
 * A problem as its source tells it, before anybody asks whether it can be graded: the XML and the Markdown form both end here.
 */

export interface ChoiceDraft {
  /** The source's name for the choice, if it has one. */
  readonly name: string | null;
  readonly text: string;
  readonly correct: boolean;
}

/** One thing a learner is asked to give. `why` of `other` is told in the import's report. */
export type ResponseDraft =
  | { readonly kind: 'choices'; readonly many: boolean; readonly choices: readonly ChoiceDraft[] }
  | {
      readonly kind: 'number';
      /** As written: a number, a range such as [5, 7), or an expression. */
      readonly answer: string;
      /** As written: absolute, or a share such as 5%. Null for the default. */
      readonly tolerance: string | null;
      readonly alternatives: number;
    }
  | {
      readonly kind: 'text';
      readonly answers: readonly string[];
      readonly caseSensitive: boolean;
      readonly regexp: boolean;
    }
  | { readonly kind: 'other'; readonly why: string };

export interface ProblemDraft {
  readonly responses: readonly ResponseDraft[];
  /** The question without its inputs. Not sanitised. */
  readonly promptHtml: string;
  /** The question with the choices of every input shown as lists, for a problem that is not graded. Not sanitised. */
  readonly promptWithChoicesHtml: string;
  readonly solutionHtml: string;
  /** Plain text. */
  readonly hints: readonly string[];
  /** True if a script computes parts of the question. */
  readonly computed: boolean;
}
