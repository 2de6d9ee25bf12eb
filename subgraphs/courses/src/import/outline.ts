/**
 * A course document as the rows it asks for: sanitised, with derived text, and with a hash of each item's own content.
 *
 * The hash is taken of what would be stored, so that it changes exactly when the row would.
 */
import { createHash } from 'node:crypto';
import type { ProblemBody, TextBody, VideoBody } from '../content/block.ts';
import { htmlToText } from '../html/html-to-text.ts';
import { sanitizeHtml } from '../html/sanitize-html.ts';
import type { StoredGrading } from '../publication/stored-grading.ts';
import type { BlockDocument, CourseDocument } from './document.ts';

export type ItemKind = 'modules' | 'sections' | 'lessons' | 'blocks';
export const ITEM_KINDS: readonly ItemKind[] = ['modules', 'sections', 'lessons', 'blocks'];

export interface Item {
  readonly externalKey: string;
  /** Null for modules, whose parent is the course. */
  readonly parentKey: string | null;
  /** Of blocks within the lesson, of all others within the course. */
  readonly position: number;
  readonly contentHash: string;
  readonly title: string;
  /** Blocks only. */
  readonly block?: {
    readonly kind: BlockDocument['kind'];
    readonly body: TextBody | VideoBody | ProblemBody;
    readonly grading: StoredGrading | null;
  };
}

export interface CourseOutline {
  readonly externalKey: string;
  readonly slug: string;
  readonly contentHash: string;
  readonly course: Pick<CourseDocument, 'title' | 'summary' | 'description' | 'language' | 'level' | 'tags'>;
  readonly items: Readonly<Record<ItemKind, readonly Item[]>>;
}

export function outlineOf(document: CourseDocument): CourseOutline {
  const { externalKey, slug, modules, title, summary, language, level } = document;
  const tags = [...new Set(document.tags.map((tag) => tag.toLowerCase()))];
  const course = { title, summary, description: sanitizeHtml(document.description), language, level, tags };
  const items = { modules: [] as Item[], sections: [] as Item[], lessons: [] as Item[], blocks: [] as Item[] };
  const add = (kind: ItemKind, item: { externalKey: string; title: string }, parentKey: string | null) => {
    const contentHash = hashOf({ title: item.title });
    items[kind].push({
      externalKey: item.externalKey,
      parentKey,
      position: items[kind].length,
      contentHash,
      title: item.title,
    });
  };
  for (const module of modules) {
    add('modules', module, null);
    for (const section of module.sections) {
      add('sections', section, module.externalKey);
      for (const lesson of section.lessons) {
        add('lessons', lesson, section.externalKey);
        for (const [position, block] of lesson.blocks.entries()) {
          items.blocks.push(blockItem(block, lesson.externalKey, position));
        }
      }
    }
  }
  return { externalKey, slug, contentHash: hashOf(course), course, items };
}

function blockItem(document: BlockDocument, parentKey: string, position: number): Item {
  const { externalKey, title } = document;
  const block = { kind: document.kind, body: bodyOf(document), grading: gradingOf(document) };
  return { externalKey, parentKey, position, contentHash: hashOf({ title, ...block }), title, block };
}

function bodyOf(document: BlockDocument): TextBody | VideoBody | ProblemBody {
  switch (document.kind) {
    case 'TEXT': {
      const html = sanitizeHtml(document.html);
      return { html, text: htmlToText(html) };
    }
    case 'VIDEO':
      return { url: document.url, youtubeId: document.youtubeId, durationSeconds: document.durationSeconds };
    case 'PROBLEM': {
      const promptHtml = sanitizeHtml(document.promptHtml);
      return {
        problemKind: document.problemKind,
        promptHtml,
        prompt: htmlToText(promptHtml),
        choices: document.choices,
        hints: document.hints,
        gradable: document.grading !== null,
      };
    }
  }
}

function gradingOf(document: BlockDocument): StoredGrading | null {
  return document.kind === 'PROBLEM' ? { rule: document.grading, explanation: document.explanation } : null;
}

function hashOf(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url');
}
