/**
 * The leaves of a course: turns html, video and problem elements into blocks of the course document.
 */
import type { BlockDocument } from '@lyceum/courses/import';
import { sanitizeHtml } from '@lyceum/courses/import';
import type { ExportFiles } from './export-files.ts';
import { OlxError } from './olx-error.ts';
import { gradeProblem } from './problem/grade-problem.ts';
import { problemFromMarkdown } from './problem/problem-markdown.ts';
import { hasResponse, problemFromXml } from './problem/problem-xml.ts';
import type { OlxReport } from './report.ts';
import { elementsOf, htmlOf, type OlxElement } from './xml.ts';

export interface Named {
  readonly externalKey: string;
  readonly title: string;
}

/** The page's HTML stands in the element, or in the file html/<filename>.html it names. */
export async function readHtml(element: OlxElement, named: Named, files: ExportFiles): Promise<BlockDocument> {
  const filename = element.attributes.filename;
  let html = htmlOf(element.children);
  if (filename) {
    const path = `html/${filename.replaceAll(':', '/')}.html`;
    const text = await files.text(path);
    if (text === null) throw new OlxError(element.file, element.line, `names ${path}, which does not exist`);
    html = text;
  }
  return { kind: 'TEXT', ...named, html: sanitizeHtml(html) };
}

export function readVideo(element: OlxElement, named: Named): BlockDocument {
  const youtubeId = youtubeIdOf(element);
  const sources = [...jsonTexts(element.attributes.html5_sources), element.attributes.source ?? ''];
  for (const child of elementsOf(element)) if (child.name === 'source') sources.push(child.attributes.src ?? '');
  const https = sources
    .filter((source) => URL.canParse(source))
    .map((source) => new URL(source))
    .find(({ protocol }) => protocol === 'https:')?.href;
  return {
    kind: 'VIDEO',
    ...named,
    url: youtubeId ? `https://www.youtube.com/watch?v=${youtubeId}` : (https ?? null),
    youtubeId,
    durationSeconds: durationOf(element),
  };
}

/** `youtube_id_1_0`, or the entry for normal speed in `youtube="0.75:…,1.00:…"`. */
function youtubeIdOf(element: OlxElement): string | null {
  const speeds = (element.attributes.youtube ?? '').split(',').map((entry) => entry.trim().split(':'));
  const atNormalSpeed = speeds.find(([speed]) => Number(speed) === 1)?.[1];
  const id = element.attributes.youtube_id_1_0 || atNormalSpeed || '';
  return /^[\w-]{5,20}$/.test(id) ? id : null;
}

function durationOf(element: OlxElement): number | null {
  const asset = elementsOf(element).find((child) => child.name === 'video_asset');
  const seconds = Math.round(Number(asset?.attributes.duration ?? 0));
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : null;
}

function jsonTexts(source: string | undefined): string[] {
  try {
    const value: unknown = JSON.parse(source ?? '[]');
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
  } catch {
    return [];
  }
}

/** The XML form is what Open edX runs; the Markdown form is read where it is all there is. */
export function readProblem(element: OlxElement, named: Named, report: OlxReport): BlockDocument {
  const markdown = element.attributes.markdown;
  const fromMarkdown = !hasResponse(element) && markdown !== undefined && markdown !== 'null' && markdown.trim() !== '';
  const { block, why } = gradeProblem(fromMarkdown ? problemFromMarkdown(markdown) : problemFromXml(element), named);
  report.problem(block.problemKind, why);
  return block;
}
