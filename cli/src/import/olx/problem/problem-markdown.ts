/**
 * Reads a problem in Studio's Markdown form, kept in the `markdown` attribute while a problem is edited in simple mode.
 *
 * Line by line: `>>question||description<<`, `(x)` and `( )` for one choice, `[x]` and `[ ]` for many, `[[a, (b)]]` for a
 * dropdown, `= answer +- tolerance` with `or= ` alternatives, `||hint||`, `[explanation] … [explanation]`, `[code] …
 * [code]`, `---` between questions, `{{feedback}}` (not shown here). Everything else is text or HTML of the question.
 */
import { htmlToText } from '@lyceum/courses/import';
import { escapeText } from 'entities';
import type { ChoiceDraft, ProblemDraft, ResponseDraft } from './problem-draft.ts';

const FEEDBACK = /\{\{[\s\S]*?\}\}/g;
const CHOICE = /^\s*\(([ xX!@]{0,3})\)\s*(.*)$/;
const CHECKBOX = /^\s*\[([ xX]{0,3})\]\s*(.*)$/;
const ANSWER = /^\s*(or|not|s)?=\s*(.*?)\s*$/;

interface Draft {
  readonly responses: ResponseDraft[];
  readonly prompt: string[];
  readonly promptWithChoices: string[];
  readonly solution: string[];
  readonly hints: string[];
}

export function problemFromMarkdown(markdown: string): ProblemDraft {
  const draft: Draft = { responses: [], prompt: [], promptWithChoices: [], solution: [], hints: [] };
  const lines = takeBlocks(markdown.replace(/\r\n?/g, '\n'), draft).split('\n');
  for (let at = 0; at < lines.length; ) at = readLines(lines, at, draft);
  return {
    responses: draft.responses,
    promptHtml: draft.prompt.join('\n'),
    promptWithChoicesHtml: draft.promptWithChoices.join('\n'),
    solutionHtml: draft.solution.join('\n'),
    hints: draft.hints,
    computed: false,
  };
}

/** Takes out what spans lines and does not depend on its place, and puts multi-line constructs on one line. */
function takeBlocks(markdown: string, draft: Draft): string {
  return markdown
    .replace(/\[explanation\]\n?([\s\S]*?)\[\/?explanation\]/gi, (_, text: string) => {
      draft.solution.push(paragraphs(text));
      return '';
    })
    .replace(/\[code\]\n?([\s\S]*?)\[\/?code\]/gi, (_, text: string) => {
      return `<pre>${escapeText(text).replaceAll('\n', '&#10;')}</pre>`;
    })
    .replace(/>>([\s\S]*?)<</g, (_, text: string) => `>>${text.replace(/\s*\n\s*/g, ' ')}<<`)
    .replace(/^(.*\S.*)\n={3,}[ \t]*$/gm, (_, heading: string) => `<h3>${heading.trim()}</h3>`);
}

/** Reads one construct and returns the index of the line after it. */
function readLines(lines: readonly string[], at: number, draft: Draft): number {
  const line = lines[at] ?? '';
  if (line.trim() === '' || /^\s*-{3,}\s*$/.test(line)) return at + 1;
  if (line.trimStart().startsWith('[[')) return readDropdown(lines, at, draft);
  if (CHECKBOX.test(line)) return readChoices(lines, at, draft, CHECKBOX, true);
  if (CHOICE.test(line)) return readChoices(lines, at, draft, CHOICE, false);
  if (ANSWER.test(line)) return readAnswers(lines, at, draft);
  const hint = /^\s*\|\|(.*?)\|\|\s*$/.exec(line);
  if (hint) draft.hints.push(htmlToText((hint[1] ?? '').replace(FEEDBACK, '')));
  else show(draft, textLine(line));
  return at + 1;
}

function readChoices(lines: readonly string[], at: number, draft: Draft, form: RegExp, many: boolean): number {
  const choices: ChoiceDraft[] = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const match = form.exec(lines[next] ?? '');
    if (match) choices.push(choice(match[2] ?? '', /x/i.test(match[1] ?? '')));
    else if (!/^\s*(\{\{.*\}\}\s*)?$/.test(lines[next] ?? '')) break;
  }
  addChoices(draft, choices, many);
  return next;
}

function readDropdown(lines: readonly string[], at: number, draft: Draft): number {
  let end = at;
  while (end < lines.length - 1 && !(lines[end] ?? '').includes(']]')) end += 1;
  const source = lines.slice(at, end + 1).join('\n');
  const inner = /\[\[([\s\S]*?)\]\]/.exec(source)?.[1] ?? source.replace('[[', '');
  const options = inner
    .replace(FEEDBACK, '')
    .split(inner.includes('\n') ? '\n' : ',')
    .map((option) => option.trim())
    .filter((option) => option !== '');
  const choices = options.map((option) => {
    const marked = /^\(([\s\S]*)\)$/.exec(option);
    return choice(marked?.[1] ?? option, marked !== null);
  });
  addChoices(draft, choices, false);
  return end + 1;
}

function readAnswers(lines: readonly string[], at: number, draft: Draft): number {
  const answers: string[] = [];
  let legacyText = false;
  let next = at;
  for (; next < lines.length; next += 1) {
    const match = ANSWER.exec(lines[next] ?? '');
    if (!match || (next > at && match[1] !== 'or' && match[1] !== 'not')) break;
    if (match[1] === 'not') continue;
    if (match[1] === 's') legacyText = true;
    answers.push((match[2] ?? '').replace(FEEDBACK, '').trim());
  }
  draft.responses.push(answerResponse(answers, legacyText));
  return next;
}

/** Studio takes an answer for a number if it begins like one, or is a range. */
function answerResponse(answers: readonly string[], legacyText: boolean): ResponseDraft {
  const [first = ''] = answers;
  const isRange = /^[[(].*,.*[\])]$/.test(first);
  if (!legacyText && (isRange || !Number.isNaN(Number.parseFloat(first.replace(/\s+/g, ''))))) {
    const [answer = '', tolerance] = first.split('+-').map((part) => part.trim());
    return { kind: 'number', answer, tolerance: tolerance ?? null, alternatives: answers.length - 1 };
  }
  const regexp = first.startsWith('|');
  return { kind: 'text', answers, caseSensitive: false, regexp };
}

function choice(source: string, correct: boolean): ChoiceDraft {
  const html = source.replace(FEEDBACK, '').trim();
  const alt = /<img[^>]*\balt="([^"]*)"/.exec(html)?.[1] ?? '';
  return { name: null, text: htmlToText(html).replace(/\s+/g, ' ') || alt, correct };
}

function addChoices(draft: Draft, choices: readonly ChoiceDraft[], many: boolean): void {
  draft.responses.push({ kind: 'choices', many, choices });
  draft.promptWithChoices.push(`<ul>${choices.map(({ text }) => `<li>${escapeText(text)}</li>`).join('')}</ul>`);
}

function show(draft: Draft, html: string): void {
  draft.prompt.push(html);
  draft.promptWithChoices.push(html);
}

function textLine(line: string): string {
  const label = /^\s*>>(.*?)<<\s*$/.exec(line);
  if (!label) return paragraphs(line);
  const [question = '', ...description] = (label[1] ?? '').split('||');
  return [question, ...description]
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => `<p>${text}</p>`)
    .join('\n');
}

/** Lines that begin with a tag are HTML already; others become paragraphs. */
function paragraphs(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => (/^\s*<\/?[a-z]/i.test(line) ? line : `<p>${line.trim()}</p>`))
    .join('\n');
}
