/**
 * Finds the terms of a text: noun phrases, names and numbers that a question can ask for or offer as a wrong choice.
 */
import type { Sentence, Token } from './document.ts';

export type TermKind = 'phrase' | 'name' | 'number';

/** One place where a term stands. */
export interface Mention {
  readonly sentence: Sentence;
  /** Offsets in the sentence's text. */
  readonly start: number;
  readonly end: number;
}

export interface Term {
  /** As written at its first mention. */
  readonly text: string;
  /** Stems joined by a space: terms with the same stems are one term. */
  readonly stem: string;
  readonly kind: TermKind;
  readonly wordCount: number;
  readonly isPlural: boolean;
  readonly mentions: readonly Mention[];
}

const MAX_WORDS = 4;

/** Adjectives that count or point rather than describe: they do not belong to a term. */
const LEADING_FILLER = new Set(
  (
    'many much more most several some few other another same such own certain various different first second last next ' +
    'new good great important able available following previous above below main whole entire particular single'
  ).split(' '),
);

/** Nouns that mean little without their sentence. */
const VAGUE = new Set(
  (
    'thing things way ways lot lots kind kinds sort sorts part parts example examples something anything nothing ' +
    'everything someone anyone people person time times number place case cases fact point end side one ones use bit ' +
    'etc section unit page lesson chapter course video question questions answer answers figure table'
  ).split(' '),
);

/** Terms in the order of their first mention. Deterministic. */
export function findTerms(sentences: readonly Sentence[]): Term[] {
  const found = new Map<string, { first: Span; mentions: Mention[] }>();
  for (const sentence of sentences) {
    for (const span of spansOf(sentence)) {
      const stem = span.tokens.map((token) => token.stem).join(' ');
      const mention = { sentence, start: span.start, end: span.end };
      const known = found.get(stem);
      if (known) known.mentions.push(mention);
      else found.set(stem, { first: span, mentions: [mention] });
    }
  }
  return [...found].map(([stem, { first, mentions }]) => ({
    text: first.text,
    stem,
    kind: kindOf(first.tokens),
    wordCount: first.tokens.length,
    isPlural: /[^s]s$/iu.test(first.text),
    mentions,
  }));
}

interface Span {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly start: number;
  readonly end: number;
}

/** Maximal runs of adjectives and nouns that end in a noun, and numbers of two digits or more. */
function spansOf(sentence: Sentence): Span[] {
  const spans: Span[] = [];
  let run: Token[] = [];
  const close = () => {
    const tokens = trimmed(run);
    run = [];
    if (tokens.length === 0 || tokens.length > MAX_WORDS) return;
    const start = tokens[0]!.start;
    const end = tokens.at(-1)!.start + tokens.at(-1)!.text.length;
    const span = { text: sentence.text.slice(start, end), tokens, start, end };
    if (isTerm(span) && standsFree(sentence.text, start, end)) spans.push(span);
  };
  for (const token of sentence.tokens) {
    if (isNumber(token)) {
      close();
      run = [token];
      close();
      continue;
    }
    const isNominal = token.pos === 'NOUN' || token.pos === 'PROPN' || token.pos === 'ADJ';
    const previous = run.at(-1);
    const follows = !previous || previous.start + previous.text.length + 1 === token.start;
    if (!isNominal || !follows) close();
    if (isNominal && /^\p{L}[\p{L}\p{N}'’-]*$/u.test(token.text)) run.push(token);
    else if (isNominal) close();
  }
  close();
  return spans;
}

function trimmed(run: readonly Token[]): Token[] {
  let from = 0;
  let to = run.length;
  while (
    from < to &&
    run[from]!.pos === 'ADJ' &&
    (LEADING_FILLER.has(run[from]!.text.toLowerCase()) || run[from]!.isStopWord)
  ) {
    from += 1;
  }
  while (to > from && run[to - 1]!.pos === 'ADJ') to -= 1;
  return run.slice(from, to);
}

function isTerm({ text, tokens }: Span): boolean {
  if (tokens.every(isNumber)) return true;
  if (text.length < 3 || tokens.every((token) => token.isStopWord)) return false;
  return !VAGUE.has(tokens.at(-1)!.text.toLowerCase());
}

/** False for a piece of a longer word, such as the halves of "peer-reviewed". */
function standsFree(text: string, start: number, end: number): boolean {
  return (
    !/[\p{L}\p{N}\p{Pd}'’/@#&._-]$/u.test(text.slice(0, start)) &&
    !/^(?:[\p{L}\p{N}\p{Pd}®™/@_]|['’.]\p{L})/u.test(text.slice(end))
  );
}

function isNumber(token: Token): boolean {
  return /^\d{2,}([.,]\d+)*$/u.test(token.text);
}

function kindOf(tokens: readonly Token[]): TermKind {
  if (tokens.every(isNumber)) return 'number';
  return tokens.every((token) => /^\p{Lu}/u.test(token.text) && token.pos === 'PROPN') ? 'name' : 'phrase';
}
