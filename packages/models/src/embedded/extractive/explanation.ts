/**
 * Explains an answer with the lesson's own words: finds the sentences that best match the problem and the correct answer.
 *
 * A word counts by its rarity among the lesson's sentences (inverse document frequency, Spärck Jones 1972); words of the
 * correct answer count twice, because the problem's prompt often repeats words that the whole lesson is about.
 */
import { contentStems, readSentences, type Sentence } from './document.ts';

export interface ExplanationTask {
  readonly lessonText: string;
  readonly prompt: string;
  readonly learnerAnswer: string;
  readonly correctAnswer: string;
  /** What the course's author wrote about the problem; may be empty. */
  readonly explanation: string;
}

const QUOTED_SENTENCES = 3;

/** Plain text, deterministic. Says so if the lesson's text does not speak about the problem. */
export function explain(task: ExplanationTask): string {
  const evidence = findEvidence(task);
  const isRight = fold(task.learnerAnswer) === fold(task.correctAnswer);
  const parts = [
    isRight
      ? `Your answer “${task.learnerAnswer}” is right.`
      : `Your answer was “${task.learnerAnswer}”. The correct answer is “${task.correctAnswer}”.`,
    task.explanation.trim(),
    evidence.length > 0
      ? `The lesson says: ${evidence.map((sentence) => `“${sentence.text}”`).join(' ')}`
      : 'The text of the lesson does not speak about this directly.',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** The best matching sentences in the order of the text. */
function findEvidence(task: ExplanationTask): Sentence[] {
  const sentences = readSentences(task.lessonText);
  const quotable = sentences.filter((sentence) => sentence.isProse);
  const candidates = quotable.length > 0 ? quotable : sentences;
  const stems = candidates.map((sentence) => contentStems(sentence.tokens));
  const rarity = (stem: string) =>
    Math.log(1 + candidates.length / (1 + stems.filter((others) => others.has(stem)).length));
  const weights = new Map<string, number>();
  for (const stem of stemsOf(task.prompt)) weights.set(stem, rarity(stem));
  for (const stem of stemsOf(task.correctAnswer)) weights.set(stem, 2 * rarity(stem));
  return candidates
    .map((sentence, at) => ({ sentence, score: scoreOf(stems[at]!, weights) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.sentence.index - b.sentence.index)
    .filter(({ score }, _, [best]) => score >= best!.score / 2)
    .slice(0, QUOTED_SENTENCES)
    .map(({ sentence }) => sentence)
    .sort((a, b) => a.index - b.index);
}

function stemsOf(text: string): Set<string> {
  return new Set(readSentences(text).flatMap((sentence) => [...contentStems(sentence.tokens)]));
}

/** Long sentences match more by chance: the sum is divided by a slow function of their length. */
function scoreOf(stems: ReadonlySet<string>, weights: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const stem of stems) sum += weights.get(stem) ?? 0;
  return sum / Math.log(2 + stems.size);
}

function fold(text: string): string {
  return text.trim().toLowerCase().replace(/\s+/gu, ' ');
}
