/**
 * Decides how a problem can be graded here, and turns a draft into the block of a course document.
 *
 * Graded are problems that ask for exactly one thing whose right answer the export states. All others keep their question
 * and are UNGRADED, with a reason for the report.
 */
import type { Grading } from '@lyceum/contracts';
import type { BlockDocument, ProblemKind } from '@lyceum/courses/import';
import { htmlToText, sanitizeHtml } from '@lyceum/courses/import';
import { escapeText } from 'entities';
import { judgeNumber } from './judge-number.ts';
import type { ChoiceDraft, ProblemDraft, ResponseDraft } from './problem-draft.ts';

type ProblemBlock = Extract<BlockDocument, { kind: 'PROBLEM' }>;

type Verdict =
  | {
      readonly kind: Exclude<ProblemKind, 'UNGRADED'>;
      readonly grading: Grading;
      readonly choices: ProblemBlock['choices'];
    }
  | { readonly kind: 'UNGRADED'; readonly why: string };

/** `why` says why the problem is not graded; null if it is. */
export function gradeProblem(
  draft: ProblemDraft,
  named: { externalKey: string; title: string },
): { block: ProblemBlock; why: string | null } {
  const verdict = judge(draft);
  const graded = verdict.kind !== 'UNGRADED';
  const promptHtml = sanitizeHtml(graded ? draft.promptHtml : draft.promptWithChoicesHtml);
  const block: ProblemBlock = {
    kind: 'PROBLEM',
    ...named,
    problemKind: verdict.kind,
    promptHtml: saysNothing(promptHtml) ? questionFrom(named.title) : promptHtml,
    choices: graded ? verdict.choices : [],
    hints: draft.hints.map((hint) => hint.trim()).filter((hint) => hint !== ''),
    grading: graded ? verdict.grading : null,
    explanation: explanationOf(draft.solutionHtml),
  };
  return { block, why: graded ? null : verdict.why };
}

function judge(draft: ProblemDraft): Verdict {
  const [response, ...others] = draft.responses;
  if (!response) return ungraded('no response');
  if (others.length > 0) return ungraded('several responses');
  if (draft.computed && mentionsVariable(draft, response)) return ungraded('computed by a script');
  switch (response.kind) {
    case 'choices':
      return judgeChoices(response.choices, response.many);
    case 'number': {
      const grading = response.alternatives > 0 ? null : judgeNumber(response.answer, response.tolerance);
      return grading ? { kind: 'NUMERIC', grading, choices: [] } : ungraded('numeric answer that is no single number');
    }
    case 'text': {
      if (response.regexp) return ungraded('text judged by a regular expression');
      const answers = [...new Set(response.answers.map((answer) => answer.trim()).filter((answer) => answer !== ''))];
      if (answers.length === 0) return ungraded('text without an answer');
      return { kind: 'TEXT', grading: { kind: 'text', answers, caseSensitive: response.caseSensitive }, choices: [] };
    }
    case 'other':
      return ungraded(response.why);
  }
}

function judgeChoices(drafts: readonly ChoiceDraft[], many: boolean): Verdict {
  const names = new Set(drafts.map((draft) => draft.name ?? ''));
  const named = !names.has('') && names.size === drafts.length;
  const choices = drafts.map((draft, index) => ({
    id: named && draft.name ? draft.name : `choice_${index + 1}`,
    text: draft.text.trim() || `Choice ${index + 1}`,
  }));
  const correctChoiceIds = choices.filter((_, index) => drafts[index]?.correct).map((choice) => choice.id);
  if (choices.length < 2 && !many) return ungraded('fewer than two choices');
  if (choices.length > 50) return ungraded('more than fifty choices');
  if (correctChoiceIds.length === 0) return ungraded('no correct choice');
  if (!many && correctChoiceIds.length > 1) return ungraded('several correct choices of which one is asked');
  const grading: Grading = { kind: 'choices', correctChoiceIds };
  return { kind: many ? 'MULTIPLE_CHOICE' : 'SINGLE_CHOICE', grading, choices };
}

function saysNothing(html: string): boolean {
  return !html.includes('<img') && htmlToText(html) === '';
}

function questionFrom(title: string): string {
  return `<p>${escapeText(title || 'Answer this problem.')}</p>`;
}

function ungraded(why: string): Verdict {
  return { kind: 'UNGRADED', why };
}

/** Scripts define `$name` variables; without running the script neither the question nor its answer is known. */
function mentionsVariable(draft: ProblemDraft, response: ResponseDraft): boolean {
  return /\$[A-Za-z_{]/.test(`${draft.promptHtml} ${JSON.stringify(response)}`);
}

/** Studio begins each solution with a line "Explanation", which says nothing. */
function explanationOf(solutionHtml: string): string {
  return htmlToText(sanitizeHtml(solutionHtml))
    .replace(/^explanation:?\s*(\n|$)/i, '')
    .trim();
}
