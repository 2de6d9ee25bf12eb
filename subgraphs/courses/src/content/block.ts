/**
 * The parts of a course as their rows tell them. What is right about a problem is no part of them.
 */
import type { ProblemKind } from '../import/document.ts';

export interface Module {
  readonly id: string;
  readonly courseId: string;
  readonly title: string;
}

export interface Section {
  readonly id: string;
  readonly courseId: string;
  readonly moduleId: string;
  readonly title: string;
}

export interface Lesson {
  readonly id: string;
  readonly courseId: string;
  readonly sectionId: string;
  readonly title: string;
  /** Reading order within the course. */
  readonly position: number;
}

export interface TextBody {
  readonly html: string;
  readonly text: string;
}

export interface VideoBody {
  readonly url: string | null;
  readonly youtubeId: string | null;
  readonly durationSeconds: number | null;
}

export interface ProblemBody {
  readonly problemKind: ProblemKind;
  readonly promptHtml: string;
  readonly prompt: string;
  readonly choices: readonly { readonly id: string; readonly text: string }[];
  readonly hints: readonly string[];
  readonly gradable: boolean;
}

interface BlockOf<Kind extends string, Body> {
  readonly id: string;
  readonly courseId: string;
  readonly lessonId: string;
  readonly title: string;
  readonly kind: Kind;
  readonly body: Body;
}

export type TextBlock = BlockOf<'TEXT', TextBody>;
export type VideoBlock = BlockOf<'VIDEO', VideoBody>;
export type ProblemBlock = BlockOf<'PROBLEM', ProblemBody>;
export type Block = TextBlock | VideoBlock | ProblemBlock;

/** The reading text of a lesson: paragraphs apart by a blank line. Holds questions, but neither choices nor answers. */
export function plainTextOf(blocks: readonly Block[]): string {
  return blocks
    .map((block) => (block.kind === 'TEXT' ? block.body.text : block.kind === 'PROBLEM' ? block.body.prompt : ''))
    .filter((text) => text !== '')
    .join('\n\n');
}
