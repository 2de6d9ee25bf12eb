/**
 * Makes cloze questions: a sentence of the text with one of its terms left out, and other terms of the text to choose from.
 *
 * The answer and every wrong choice are phrases of the text as written; nothing is invented. Which term to leave out
 * follows the usual rules of cloze generation: it occurs once in its sentence, is specific, and has peers of its kind
 * (compare Agarwal and Mannem, "Automatic Gap-fill Question Generation from Text Books", BEA 2011).
 */
import { readSentences, type Sentence } from './document.ts';
import { rankSentences } from './rank.ts';
import { findTerms, type Mention, type Term } from './terms.ts';

export interface ClozeQuestion {
  readonly prompt: string;
  /** The answer among up to three wrong ones, no two alike, in an order that depends on the question alone. */
  readonly choices: readonly string[];
  readonly answer: string;
  readonly source: string;
}

const WRONG_CHOICES = 3;
const GAP = '_____';

/** Words at the start of a sentence that point to an earlier one: without it the question is unclear. */
const POINTS_BACK =
  /^(it|this|that|these|those|they|he|she|him|his|her|its|their|such|here|there|then|thus|therefore|also|and|but|so|or|however|the (former|latter))\b/iu;

/** At most `count` questions in the order of the text, each with its own answer; fewer if the text holds fewer. */
export function makeQuiz(text: string, count: number): ClozeQuestion[] {
  const sentences = readSentences(text);
  const terms = findTerms(sentences).filter((term) => text.includes(term.text));
  const scores = rankSentences(sentences);
  const candidates = terms
    .flatMap((term) => term.mentions.map((mention) => ({ term, mention })))
    .filter(({ term, mention }) => isAskable(term, mention))
    .map(({ term, mention }) => ({ term, mention, score: scores[mention.sentence.index]! * fitnessOf(term, mention) }))
    .sort(
      (a, b) =>
        b.score - a.score || a.mention.sentence.index - b.mention.sentence.index || a.mention.start - b.mention.start,
    );
  const chosen: { mention: Mention; question: ClozeQuestion }[] = [];
  const answers = new Set<string>();
  // First one question per sentence; only if that is too few, further gaps in the same sentences.
  for (const perSentence of [1, 3]) {
    for (const { term, mention } of candidates) {
      if (chosen.length >= count) break;
      if (answers.has(term.stem)) continue;
      if (chosen.filter((other) => other.mention.sentence === mention.sentence).length >= perSentence) continue;
      const question = ask(term, mention, terms);
      if (!question) continue;
      answers.add(term.stem);
      chosen.push({ mention, question });
    }
  }
  return chosen
    .sort((a, b) => a.mention.sentence.index - b.mention.sentence.index || a.mention.start - b.mention.start)
    .map(({ question }) => question);
}

function isAskable(term: Term, { sentence, start, end }: Mention): boolean {
  if (!sentence.isProse) return false;
  const answer = sentence.text.slice(start, end);
  return answer === term.text && occurrences(sentence.text, answer) === 1;
}

/** Specific terms (several words, names, often named) in sentences that stand alone make the better questions. */
function fitnessOf(term: Term, { sentence, start }: Mention): number {
  const specific = term.wordCount > 1 || term.kind !== 'phrase' ? 1.5 : 1;
  const recurring = 1 + Math.log2(Math.min(8, term.mentions.length)) / 4;
  const standsAlone = POINTS_BACK.test(sentence.text) ? 0.4 : 1;
  const opening = start === 0 ? 0.9 : 1;
  return specific * recurring * standsAlone * opening;
}

/** Null if the text offers no wrong choice that is fair. */
function ask(term: Term, { sentence, start, end }: Mention, terms: readonly Term[]): ClozeQuestion | null {
  const wrong = wrongChoicesFor(term, sentence, terms);
  if (wrong.length === 0) return null;
  const gapped = `${sentence.text.slice(0, start)}${GAP}${sentence.text.slice(end)}`;
  const choices = [term.text, ...wrong].sort((a, b) => hash(gapped + a) - hash(gapped + b) || (a < b ? -1 : 1));
  return {
    prompt: `Which words complete the sentence? “${gapped}”`,
    choices,
    answer: term.text,
    source: sentence.text,
  };
}

/** Terms of the same kind and shape first; never one that stands in the same sentence or shares a word with the answer. */
function wrongChoicesFor(answer: Term, sentence: Sentence, terms: readonly Term[]): string[] {
  const stems = new Set(answer.stem.split(' '));
  const peers = terms
    .filter((term) => (answer.kind === 'number') === (term.kind === 'number'))
    .filter((term) => !term.stem.split(' ').some((stem) => stems.has(stem)))
    .filter((term) => occurrences(sentence.text, term.text) === 0)
    .map((term) => ({ term, distance: distanceBetween(answer, term) }))
    .sort((a, b) => a.distance - b.distance || b.term.mentions.length - a.term.mentions.length);
  const chosen: string[] = [];
  const taken = new Set<string>([...stems]);
  for (const { term } of peers) {
    if (chosen.length >= WRONG_CHOICES) break;
    const words = term.stem.split(' ');
    if (words.some((stem) => taken.has(stem))) continue;
    for (const stem of words) taken.add(stem);
    chosen.push(term.text);
  }
  return chosen;
}

function distanceBetween(a: Term, b: Term): number {
  return (
    (a.kind === b.kind ? 0 : 4) +
    Math.abs(a.wordCount - b.wordCount) * 2 +
    (a.isPlural === b.isPlural ? 0 : 1) +
    (startsUpper(a.text) === startsUpper(b.text) ? 0 : 2) +
    Math.abs(a.text.length - b.text.length) / 10
  );
}

function startsUpper(text: string): boolean {
  return /^\p{Lu}/u.test(text);
}

/** Whole-word occurrences, without regard to case. */
function occurrences(text: string, phrase: string): number {
  const escaped = phrase.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&');
  return [...text.matchAll(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'giu'))].length;
}

/** FNV-1a, 32 bits: an order that looks random and never changes. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return value;
}
