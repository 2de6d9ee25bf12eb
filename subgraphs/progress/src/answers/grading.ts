/**
 * Judges an answer to a problem by the problem's grading key. Pure: no clock, no storage.
 */
import type { Grading } from '@lyceum/contracts';
import { hasControls, LyceumError } from '@lyceum/service-kit';

export const choicesMax = 50;
export const responseLengthMax = 1_000;
const choiceIdLengthMax = 200;

/** What a learner sends: choices for a problem with choices, a response for a number or a text. */
export interface Answer {
  readonly choiceIds?: readonly string[] | null;
  readonly response?: string | null;
}

/** An answer that fits its problem, and whether it is right. */
export interface GradedAnswer {
  /** Each choice once, in the order given; empty for numbers and texts. */
  readonly choiceIds: readonly string[];
  /** As given, without the space around it; null for choices. */
  readonly response: string | null;
  readonly correct: boolean;
}

export interface Solution {
  readonly correctChoiceIds: readonly string[];
  readonly answers: readonly string[];
  readonly explanation: string;
}

function invalid(field: 'choiceIds' | 'response', reason: string): LyceumError {
  return new LyceumError('ANSWER_INVALID', `${field}: ${reason}`, { field });
}

function readChoices(answer: Answer): string[] {
  if (answer.response != null) throw invalid('response', 'this problem is answered with choices.');
  const choiceIds = answer.choiceIds ?? [];
  if (choiceIds.length === 0) throw invalid('choiceIds', 'choose at least one.');
  if (choiceIds.length > choicesMax) throw invalid('choiceIds', `at most ${choicesMax}.`);
  if (choiceIds.some((id) => id.length > choiceIdLengthMax || hasControls(id))) {
    throw invalid('choiceIds', 'names no choice.');
  }
  return [...new Set(choiceIds)];
}

function readResponse(answer: Answer): string {
  if (answer.choiceIds != null && answer.choiceIds.length > 0) {
    throw invalid('choiceIds', 'this problem is answered with a response.');
  }
  const response = (answer.response ?? '').trim();
  if (response === '') throw invalid('response', 'must not be empty.');
  if (response.length > responseLengthMax) throw invalid('response', `at most ${responseLengthMax} characters.`);
  if (hasControls(response)) throw invalid('response', 'holds characters that are no text.');
  return response;
}

/** Decimal notation only: `0x10`, `Infinity` and an empty text are numbers to JavaScript, but not to a learner. */
const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?$/i;

function readNumber(response: string): number {
  // A real minus sign is what a phone's keyboard and a copied formula give.
  const value = decimal.test(response.replace('−', '-')) ? Number(response.replace('−', '-')) : Number.NaN;
  if (!Number.isFinite(value)) throw invalid('response', 'must be a number such as 3.5.');
  return value;
}

/** Room for binary fractions: with tolerance 0, 0.3 must accept what 0.1 + 0.2 stands for. */
function isWithin(value: number, expected: number, tolerance: number): boolean {
  const rounding = 4 * Number.EPSILON * Math.max(1, Math.abs(value), Math.abs(expected));
  return Math.abs(value - expected) <= tolerance + rounding;
}

/** One spelling for what reads the same: composed characters, no space around and, if folded, no case (ß as SS). */
function foldText(text: string, caseSensitive: boolean): string {
  const composed = text.normalize('NFC').trim();
  return caseSensitive ? composed : composed.toUpperCase().toLowerCase();
}

/** Throws ANSWER_INVALID, naming the field, for an answer that does not fit the problem's kind. */
export function grade(grading: Grading, answer: Answer): GradedAnswer {
  switch (grading.kind) {
    case 'choices': {
      const choiceIds = readChoices(answer);
      const expected = new Set(grading.correctChoiceIds);
      const correct = choiceIds.length === expected.size && choiceIds.every((id) => expected.has(id));
      return { choiceIds, response: null, correct };
    }
    case 'numeric': {
      const response = readResponse(answer);
      return { choiceIds: [], response, correct: isWithin(readNumber(response), grading.value, grading.tolerance) };
    }
    case 'text': {
      const response = readResponse(answer);
      const given = foldText(response, grading.caseSensitive);
      const correct = grading.answers.some((accepted) => foldText(accepted, grading.caseSensitive) === given);
      return { choiceIds: [], response, correct };
    }
  }
}

/** What a learner who has answered may see of a grading key. */
export function solutionOf(grading: Grading, explanation: string): Solution {
  switch (grading.kind) {
    case 'choices':
      return { correctChoiceIds: grading.correctChoiceIds, answers: [], explanation };
    case 'numeric':
      return { correctChoiceIds: [], answers: [String(grading.value)], explanation };
    case 'text':
      return { correctChoiceIds: [], answers: grading.answers, explanation };
  }
}
