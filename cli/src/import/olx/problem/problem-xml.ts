/**
 * Reads a problem in its XML form (capa): its responses, its question without the inputs, its solution and hints.
 */
import { htmlToText } from '@lyceum/courses/import';
import { descendantsOf, elementsOf, htmlOf, isElement, type OlxElement, type OlxNode, tag, textOf } from '../xml.ts';
import type { ChoiceDraft, ProblemDraft, ResponseDraft } from './problem-draft.ts';

/** Never part of the question. Solutions and hints are collected elsewhere; hints on single answers are not shown here. */
const LEFT_OUT = new Set(
  (
    'script style solution demandhint responseparam choicehint compoundhint optionhint correcthint stringequalhint ' +
    'regexphint additional_answer hintgroup hintpart startouttext endouttext textline textbox formulaequationinput ' +
    'numericalinput jsinput schematic designprotein2dinput editamoleculeinput editageneinput crystallography vsepr_input ' +
    'chemicalequationinput drag_and_drop_input filesubmission matlabinput codeinput'
  ).split(' '),
);
const CHOICE_GROUPS = new Set(['choicegroup', 'checkboxgroup', 'radiogroup', 'checkboxtextgroup', 'radiotextgroup']);
const PLAIN_WRAPPERS = new Set(['text', 'center', 'comment_prompt', 'tag_prompt', 'comment', 'prompt']);

export function problemFromXml(problem: OlxElement): ProblemDraft {
  const all = descendantsOf(problem);
  return {
    responses: all.filter(isResponse).map(readResponse),
    promptHtml: render(problem, false),
    promptWithChoicesHtml: render(problem, true),
    solutionHtml: all
      .filter((element) => element.name === 'solution')
      .map((element) => htmlOf(element.children))
      .join('\n'),
    hints: all
      .filter((element) => element.name === 'demandhint')
      .flatMap((element) => elementsOf(element).filter((hint) => hint.name === 'hint'))
      .map((hint) => htmlToText(htmlOf(hint.children))),
    computed: all.some((element) => element.name === 'script'),
  };
}

/** True if the XML asks something; Studio may keep a problem's Markdown beside empty XML. */
export function hasResponse(problem: OlxElement): boolean {
  return descendantsOf(problem).some(isResponse);
}

function isResponse(element: OlxElement): boolean {
  return element.name.endsWith('response');
}

function readResponse(response: OlxElement): ResponseDraft {
  switch (response.name) {
    case 'multiplechoiceresponse':
      return { kind: 'choices', many: false, choices: choicesOf(response) };
    case 'choiceresponse':
      return { kind: 'choices', many: true, choices: choicesOf(response) };
    case 'optionresponse':
      return readOptions(response);
    case 'numericalresponse':
      return readNumber(response);
    case 'stringresponse':
      return readText(response);
    default:
      return { kind: 'other', why: response.name };
  }
}

function choicesOf(response: OlxElement): ChoiceDraft[] {
  return descendantsOf(response)
    .filter((element) => element.name === 'choice')
    .map((choice) => ({
      name: choice.attributes.name ?? null,
      text: choiceText(choice),
      correct: isTrue(choice.attributes.correct),
    }));
}

/** Plain text; for a picture its description. */
function choiceText(choice: OlxElement): string {
  const shown = choice.children.filter((child) => !isElement(child) || !LEFT_OUT.has(child.name));
  const text = htmlToText(htmlOf(shown)).replace(/\s+/g, ' ').trim();
  if (text !== '') return text;
  return (
    descendantsOf(choice)
      .find((element) => element.name === 'img')
      ?.attributes.alt?.trim() ?? ''
  );
}

function readOptions(response: OlxElement): ResponseDraft {
  const inputs = descendantsOf(response).filter((element) => element.name === 'optioninput');
  const [input, ...others] = inputs;
  if (!input) return { kind: 'other', why: 'optionresponse without options' };
  if (others.length > 0) return { kind: 'other', why: 'several responses' };
  return { kind: 'choices', many: false, choices: optionsOf(input) };
}

/** Both forms: `<option correct="true">` elements, or `options="('a','b')" correct="a"`. */
function optionsOf(input: OlxElement): ChoiceDraft[] {
  const elements = elementsOf(input).filter((element) => element.name === 'option');
  if (elements.length > 0) {
    return elements.map((option) => ({
      name: option.attributes.name ?? null,
      text: choiceText(option),
      correct: isTrue(option.attributes.correct),
    }));
  }
  const correct = (input.attributes.correct ?? '').trim();
  return splitOptions(input.attributes.options ?? '').map((text) => ({
    name: null,
    text,
    correct: text === correct,
  }));
}

/** `('Yes, please','No')` and `"Yes","No"`: a list of quoted texts; unquoted ones are split at commas. */
export function splitOptions(source: string): string[] {
  const list = source.trim().replace(/^\(([\s\S]*)\)$/, '$1');
  const options: string[] = [];
  for (const match of list.matchAll(/\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|([^,]+))\s*(?:,|$)/g)) {
    const quoted = match[1] ?? match[2];
    const text = quoted === undefined ? (match[3] ?? '').trim() : quoted.replace(/\\(.)/g, '$1').trim();
    if (text !== '') options.push(text);
  }
  return options;
}

function readNumber(response: OlxElement): ResponseDraft {
  const below = descendantsOf(response);
  const tolerance = below.find(
    (element) => element.name === 'responseparam' && element.attributes.type === 'tolerance',
  );
  return {
    kind: 'number',
    answer: response.attributes.answer ?? '',
    tolerance: tolerance?.attributes.default ?? null,
    alternatives: below.filter((element) => element.name === 'additional_answer').length,
  };
}

function readText(response: OlxElement): ResponseDraft {
  const types = (response.attributes.type ?? '').toLowerCase().split(/\s+/);
  const additional = descendantsOf(response)
    .filter((element) => element.name === 'additional_answer')
    .map((element) => element.attributes.answer ?? textOf(element));
  return {
    kind: 'text',
    answers: [...(response.attributes.answer ?? '').split('_or_'), ...additional],
    caseSensitive: !types.includes('ci'),
    regexp: types.includes('regexp'),
  };
}

function isTrue(value: string | undefined): boolean {
  return value?.trim().toLowerCase() === 'true';
}

function render(problem: OlxElement, withChoices: boolean): string {
  const labels = labelAttributes(problem);
  const body = renderAll(problem.children, withChoices);
  const shown = htmlToText(body).replace(/\s+/g, ' ');
  const missing = labels.filter((label) => !shown.includes(label.replace(/\s+/g, ' ')));
  return body + missing.map((label) => tag({ name: 'p', attributes: {} }, htmlOf([label]))).join('');
}

/** Older problems name an input by an attribute; Studio often repeats the question there. */
function labelAttributes(problem: OlxElement): string[] {
  const labels = descendantsOf(problem)
    .filter(
      (element) => CHOICE_GROUPS.has(element.name) || LEFT_OUT.has(element.name) || element.name === 'optioninput',
    )
    .map((element) => element.attributes.label?.trim() ?? '');
  return [...new Set(labels)].filter((label) => label !== '');
}

function renderAll(nodes: readonly OlxNode[], withChoices: boolean): string {
  return nodes.map((node) => (isElement(node) ? renderElement(node, withChoices) : htmlOf([node]))).join('');
}

function renderElement(element: OlxElement, withChoices: boolean): string {
  if (LEFT_OUT.has(element.name)) return '';
  if (CHOICE_GROUPS.has(element.name)) return withChoices ? list(choicesOf(element)) : '';
  if (element.name === 'optioninput') return withChoices ? list(optionsOf(element)) : '';
  if (element.name === 'imageinput') return tag({ name: 'img', attributes: element.attributes }, '');
  const inner = renderAll(element.children, withChoices);
  if (element.name === 'label' || element.name === 'description') return `<p>${inner}</p>`;
  if (element.name === 'clarification') return ` (${inner.trim()})`;
  if (element.name === 'options')
    return `<ul>${elementsOf(element)
      .map((o) => `<li>${htmlOf(o.children)}</li>`)
      .join('')}</ul>`;
  if (isResponse(element) || element.name.endsWith('input')) return `<div>${inner}</div>`;
  if (PLAIN_WRAPPERS.has(element.name)) return `<div>${inner}</div>`;
  return tag(element, inner);
}

function list(choices: readonly ChoiceDraft[]): string {
  return `<ul>${choices.map((choice) => `<li>${htmlOf([choice.text])}</li>`).join('')}</ul>`;
}
