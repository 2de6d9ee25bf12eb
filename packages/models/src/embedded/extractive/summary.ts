/**
 * Summarises by choosing sentences of the text, never by writing new ones.
 */
import { contentStems, countShared, readSentences, type Sentence } from './document.ts';
import { rankSentences } from './rank.ts';

/** Two sentences that share more of their words than this say the same. */
const SAME_ABOVE = 0.6;

/** At most `maxSentences` sentences in the order of the text; empty only if the text holds no words. */
export function summarize(text: string, maxSentences: number): string[] {
  const all = readSentences(text);
  const prose = all.filter((sentence) => sentence.isProse);
  const candidates = prose.length > 0 ? prose : all;
  const scores = rankSentences(candidates);
  const byScore = candidates
    .map((sentence, at) => ({ sentence, score: scores[at]! }))
    .sort((a, b) => b.score - a.score || a.sentence.index - b.sentence.index);
  const chosen: Sentence[] = [];
  for (const { sentence } of byScore) {
    if (chosen.length >= maxSentences) break;
    if (!chosen.some((other) => saysTheSame(sentence, other))) chosen.push(sentence);
  }
  return chosen.sort((a, b) => a.index - b.index).map((sentence) => sentence.text);
}

function saysTheSame(a: Sentence, b: Sentence): boolean {
  const [left, right] = [contentStems(a.tokens), contentStems(b.tokens)];
  const shared = countShared(left, right);
  return a.text === b.text || shared > SAME_ABOVE * (left.size + right.size - shared);
}
