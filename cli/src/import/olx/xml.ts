/**
 * OLX files as a small tree whose elements know the file and line they stand in.
 *
 * Strict: text that is no well-formed XML is an OlxError with file and line. Entities are never expanded from the
 * document itself (a DOCTYPE that declares any is refused), so a file cannot grow while it is read; the named characters
 * of HTML, such as &nbsp;, are understood.
 */
import { parseXml, XmlCdata, XmlDocumentType, XmlElement, XmlError, XmlText } from '@rgrove/parse-xml';
import { decodeHTMLStrict, escapeAttribute, escapeText } from 'entities';
import { OlxError } from './olx-error.ts';

const DEPTH_MAX = 200;

export interface OlxElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly OlxNode[];
  readonly file: string;
  readonly line: number;
}
export type OlxNode = OlxElement | string;

export function parseOlx(file: string, source: string): OlxElement {
  const text = source.replace(/^\uFEFF/, '').replace(/^\s+(?=<\?xml)/, '');
  const lineAt = lineCounter(text);
  try {
    const document = parseXml(text, {
      includeOffsets: true,
      preserveDocumentType: true,
      resolveUndefinedEntity: (entity) => {
        const character = decodeHTMLStrict(entity);
        return character === entity ? null : character;
      },
    });
    for (const child of document.children) {
      if (child instanceof XmlDocumentType && /<!ENTITY/i.test(child.internalSubset ?? '')) {
        throw new OlxError(file, lineAt(child.start), 'declares entities, which are not allowed here');
      }
    }
    if (!document.root) throw new OlxError(file, 1, 'holds no element');
    return convert(file, lineAt, document.root, 1);
  } catch (error) {
    if (error instanceof XmlError)
      throw new OlxError(file, error.line, (error.message.split(' (line')[0] ?? '').trim());
    // The parser descends recursively: what exhausts its stack nests far too deep.
    if (error instanceof RangeError) throw new OlxError(file, null, `nests deeper than ${DEPTH_MAX} elements`);
    throw error;
  }
}

function convert(file: string, lineAt: (offset: number) => number, element: XmlElement, depth: number): OlxElement {
  if (depth > DEPTH_MAX) throw new OlxError(file, lineAt(element.start), `nests deeper than ${DEPTH_MAX} elements`);
  const children: OlxNode[] = [];
  for (const child of element.children) {
    if (child instanceof XmlElement) children.push(convert(file, lineAt, child, depth + 1));
    else if (child instanceof XmlText || child instanceof XmlCdata) children.push(child.text);
  }
  return { name: element.name, attributes: element.attributes, children, file, line: lineAt(element.start) };
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

export function isElement(node: OlxNode): node is OlxElement {
  return typeof node !== 'string';
}

export function elementsOf(element: OlxElement): OlxElement[] {
  return element.children.filter(isElement);
}

/** Every element below, in document order, without the element itself. */
export function descendantsOf(element: OlxElement): OlxElement[] {
  return elementsOf(element).flatMap((child) => [child, ...descendantsOf(child)]);
}

export function textOf(node: OlxNode): string {
  return typeof node === 'string' ? node : node.children.map(textOf).join('');
}

const VOID = new Set(['area', 'br', 'col', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr']);

/** The nodes as HTML source; it is not sanitised. */
export function htmlOf(nodes: readonly OlxNode[]): string {
  return nodes.map((node) => (typeof node === 'string' ? escapeText(node) : tag(node, htmlOf(node.children)))).join('');
}

export function tag(element: Pick<OlxElement, 'name' | 'attributes'>, inner: string): string {
  const attributes = Object.entries(element.attributes)
    .map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`)
    .join('');
  const open = `<${element.name}${attributes}>`;
  return VOID.has(element.name) ? open : `${open}${inner}</${element.name}>`;
}
