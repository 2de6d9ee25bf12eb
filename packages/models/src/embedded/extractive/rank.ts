/**
 * Ranks sentences by how much of the text they speak for.
 *
 * TextRank (Mihalcea and Tarau, "TextRank: Bringing Order into Texts", EMNLP 2004): a sentence is important if it shares
 * words with important sentences. On top, a small bonus for early sentences, since lessons state their subject first
 * (Edmundson, "New Methods in Automatic Extracting", 1969, the location method).
 */
import { contentStems, countShared, type Sentence } from './document.ts';

const DAMPING = 0.85;
const ITERATIONS = 30;
const TOLERANCE = 1e-5;
const POSITION_WEIGHT = 0.25;

/** One score per sentence, in the order given. Deterministic; scores compare only within one call. */
export function rankSentences(sentences: readonly Sentence[]): number[] {
  const stems = sentences.map((sentence) => contentStems(sentence.tokens));
  const links = linkBySharedStems(stems);
  const totals = links.map((row) => row.reduce((sum, link) => sum + link.weight, 0));
  let scores = sentences.map(() => 1);
  for (let round = 0; round < ITERATIONS; round += 1) {
    const next = links.map((row) =>
      row.reduce((sum, link) => sum + (DAMPING * link.weight * scores[link.to]!) / totals[link.to]!, 1 - DAMPING),
    );
    const moved = Math.max(0, ...next.map((score, at) => Math.abs(score - scores[at]!)));
    scores = next;
    if (moved < TOLERANCE) break;
  }
  const last = Math.max(1, sentences.length - 1);
  return scores.map((score, at) => score * (1 + POSITION_WEIGHT * (1 - at / last)));
}

interface Link {
  readonly to: number;
  readonly weight: number;
}

/** The similarity of the paper: shared words, divided by the logarithms of both lengths. */
function linkBySharedStems(stems: readonly Set<string>[]): Link[][] {
  const links: Link[][] = stems.map(() => []);
  for (let a = 0; a < stems.length; a += 1) {
    for (let b = a + 1; b < stems.length; b += 1) {
      const shared = countShared(stems[a]!, stems[b]!);
      if (shared === 0) continue;
      const weight = shared / (Math.log(1 + stems[a]!.size) + Math.log(1 + stems[b]!.size));
      links[a]!.push({ to: b, weight });
      links[b]!.push({ to: a, weight });
    }
  }
  return links;
}
