/**
 * Reads plain lesson text into sentences with parts of speech, which everything extractive works on.
 *
 * Tagging is done by wink-nlp with its English model, in process, without network. Text in another language still yields
 * sentences; its parts of speech are guesses.
 */
import model from 'wink-eng-lite-web-model';
import winkNLP, { type ItemSentence, type PartOfSpeech } from 'wink-nlp';

export interface Token {
  readonly text: string;
  readonly stem: string;
  readonly pos: PartOfSpeech;
  readonly isStopWord: boolean;
  /** Offset of the first character in the sentence's text. */
  readonly start: number;
}

export interface Sentence {
  /** The sentence as written, white space collapsed. */
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Position among all sentences, from 0. */
  readonly index: number;
  /** False for headings, list crumbs, code and questions: fit for searching, not for quoting. */
  readonly isProse: boolean;
}

/** Sentences past this bound are ignored, so that ranking (quadratic) stays in the order of milliseconds. */
const MAX_SENTENCES = 600;

const nlp = winkNLP(model, ['sbd', 'pos']);
const its = nlp.its;

/** Pure and deterministic: the same text gives the same sentences. */
export function readSentences(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  for (const paragraph of paragraphsOf(text)) {
    nlp
      .readDoc(paragraph)
      .sentences()
      .each((sentence: ItemSentence) => {
        if (sentences.length >= MAX_SENTENCES) return;
        const tokens = tokensOf(sentence.tokens());
        const sentenceText = sentence.out().trim();
        if (tokens.some((token) => /[\p{L}\p{N}]/u.test(token.text))) {
          sentences.push({
            text: sentenceText,
            tokens,
            index: sentences.length,
            isProse: isProse(sentenceText, tokens),
          });
        }
      });
    if (sentences.length >= MAX_SENTENCES) break;
  }
  return sentences;
}

/** Stems of the words that carry meaning, for matching one text against another. */
export function contentStems(tokens: readonly Token[]): Set<string> {
  return new Set(tokens.filter(carriesMeaning).map((token) => token.stem));
}

/** How many stems two sentences have in common. */
export function countShared(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const stem of small) if (large.has(stem)) shared += 1;
  return shared;
}

function carriesMeaning(token: Token): boolean {
  return !token.isStopWord && /[\p{L}\p{N}]/u.test(token.text);
}

/** Lines are paragraphs unless a line plainly runs on: no full stop before the break, a small letter after it. */
function paragraphsOf(text: string): string[] {
  const paragraphs: string[] = [];
  let runsOn = false;
  for (const line of text.split(/\r?\n/)) {
    const words = line.replace(/\s+/gu, ' ').trim();
    if (words === '') {
      runsOn = false;
      continue;
    }
    if (runsOn && /^\p{Ll}/u.test(words)) paragraphs.push(`${paragraphs.pop()} ${words}`);
    else paragraphs.push(words);
    runsOn = !/[.!?:;]["'”’)]*$/u.test(words);
  }
  return paragraphs;
}

interface WinkTokens {
  out(): string[];
  out<T>(itsFunction: (...args: never[]) => T): T[] | string[];
}

function tokensOf(tokens: WinkTokens): Token[] {
  const texts = tokens.out();
  const stems = tokens.out(its.stem as (...args: never[]) => string);
  const parts = tokens.out(its.pos as (...args: never[]) => PartOfSpeech);
  const stopWords = tokens.out(its.stopWordFlag as (...args: never[]) => boolean);
  const spaces = tokens.out(its.precedingSpaces as (...args: never[]) => string);
  let offset = 0;
  return texts.map((text, at) => {
    if (at > 0) offset += spaces[at]!.length;
    const start = offset;
    offset += text.length;
    return { text, stem: stems[at]!, pos: parts[at] as PartOfSpeech, isStopWord: Boolean(stopWords[at]), start };
  });
}

/** A statement of 6 to 45 words from a capital to a full stop, free of code and addresses; verbs are too often missed to ask for one. */
function isProse(text: string, tokens: readonly Token[]): boolean {
  const words = tokens.filter((token) => /[\p{L}\p{N}]/u.test(token.text)).length;
  if (words < 6 || words > 45) return false;
  if (!/[.!]["'”’)]*$/u.test(text)) return false;
  if (!/^["'“‘(]?[\p{Lu}\p{N}]/u.test(text)) return false;
  return !/https?:|www\.|[{}<>\\=|_]|\$\s*\w/u.test(text);
}
