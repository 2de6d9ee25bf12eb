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
  let text = '';
  let silentDepth = 0;
  let preDepth = 0;
  const breakTo = (lines: number) => {
    const present = /\n*$/.exec(text)?.[0].length ?? 0;
    if (text !== '' && present < lines) text = text.replace(/[ \t]+$/, '') + '\n'.repeat(lines - present);
  };
  const edge = (name: string) => {
    if (PARAGRAPHS.has(name)) breakTo(2);
    else if (LINES.has(name)) breakTo(1);
  };
  const parser = new Parser({
    onopentagname(name) {
      if (SILENT.has(name)) silentDepth += 1;
      if (name === 'pre') preDepth += 1;
      if (name === 'br') text += '\n';
      if ((name === 'td' || name === 'th') && text !== '' && !/\s$/.test(text)) text += ' ';
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
        text += piece;
        return;
      }
      const flat = piece.replace(/\s+/g, ' ');
      text += text === '' || /\s$/.test(text) ? flat.trimStart() : flat;
    },
  });
  parser.write(html);
  parser.end();
  return text
    .replace(/[ \t\u00a0]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
