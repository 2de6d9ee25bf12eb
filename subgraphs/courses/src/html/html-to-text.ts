/**
 * The reading text of a piece of HTML: paragraphs apart by a blank line, items and rows on lines of their own.
 *
 * Used for search, for plain-text fields and for the text that models work on.
 */
import { Parser } from 'htmlparser2';

const PARAGRAPHS = new Set(
  'h1 h2 h3 h4 h5 h6 p div section article header footer aside blockquote ul ol dl pre hr figure table details'.split(
    ' ',
  ),
);
const LINES = new Set('li dt dd tr caption figcaption summary'.split(' '));
const SILENT = new Set('script style noscript template iframe object svg button select textarea title'.split(' '));

export function htmlToText(html: string): string {
  const pieces: string[] = [];
  let silentDepth = 0;
  let preDepth = 0;
  // What the text so far ends with: known at each step, since looking back through all of it would cost its length each time.
  let lineEnds = 0;
  let endsBlank = true;
  const append = (piece: string) => {
    if (piece === '') return;
    pieces.push(piece);
    let before = piece.length;
    while (before > 0 && piece[before - 1] === '\n') before -= 1;
    lineEnds = piece.length - before + (before === 0 ? lineEnds : 0);
    endsBlank = /\s/.test(piece.at(-1)!);
  };
  const breakTo = (lines: number) => {
    if (pieces.length > 0 && lineEnds < lines) append('\n'.repeat(lines - lineEnds));
  };
  const edge = (name: string) => {
    if (PARAGRAPHS.has(name)) breakTo(2);
    else if (LINES.has(name)) breakTo(1);
  };
  const parser = new Parser({
    onopentagname(name) {
      if (SILENT.has(name)) silentDepth += 1;
      if (name === 'pre') preDepth += 1;
      if (name === 'br') append('\n');
      if ((name === 'td' || name === 'th') && !endsBlank) append(' ');
      edge(name);
    },
    onclosetag(name) {
      if (SILENT.has(name)) silentDepth -= 1;
      if (name === 'pre') preDepth -= 1;
      edge(name);
    },
    ontext(piece) {
      if (silentDepth > 0) return;
      if (preDepth > 0) {
        append(piece);
        return;
      }
      const flat = piece.replace(/\s+/g, ' ');
      append(endsBlank ? flat.trimStart() : flat);
    },
  });
  parser.write(html);
  parser.end();
  return pieces
    .join('')
    .replace(/(?<![ \t\u00a0])[ \t\u00a0]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
