/**
 * Brings a whole course in from a document: atomic, idempotent, and gentle to what is there.
 *
 * The same document a second time writes nothing. A changed one writes what differs, keeps the ids of everything that its
 * keys still name, removes what they no longer name, and raises the revision by one.
 */
import { type Clock, LyceumError, parseInput, systemClock } from '@lyceum/service-kit';
import type { CourseStatus } from '../catalogue/course.ts';
import { CourseDocument } from './document.ts';
import type { ImportRepository, WrittenCourse } from './import.repository.ts';
import { type ItemKind, outlineOf } from './outline.ts';
import type { ChangeCounts } from './plan.ts';

export interface ImportOptions {
  /** True: the course is published if it is not. False: a new course is a draft, and a published one stays published. */
  readonly publish: boolean;
  /** Who teaches the course, besides those who do already. */
  readonly instructorIds?: readonly string[];
}

export interface ImportResult {
  readonly courseId: string;
  readonly slug: string;
  readonly status: CourseStatus;
  readonly revision: number;
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly changes: Readonly<Record<ItemKind, ChangeCounts>>;
}

export interface ImportService {
  /**
   * Throws BAD_USER_INPUT for a document that is not one, CONFLICT while another import of a new course runs; nothing is
   * written then.
   */
  importCourse(document: CourseDocument, options: ImportOptions): Promise<ImportResult>;
}

export function createImportService(repository: ImportRepository, clock: Clock = systemClock): ImportService {
  return {
    async importCourse(document, { publish, instructorIds = [] }) {
      const outline = outlineOf(parseInput(CourseDocument, document));
      const options = { publishAt: publish ? clock.now() : null, instructorIds };
      const known = await repository.find(outline.externalKey);
      const written =
        known === null ? await repository.create(outline, options) : await repository.update(known, outline, options);
      if (written === null) {
        throw new LyceumError('CONFLICT', 'This course is being imported right now. Try again in a minute.');
      }
      return resultOf(written);
    },
  };
}

function resultOf({ id, slug, status, revision, created, changed, plan }: WrittenCourse): ImportResult {
  return {
    courseId: id,
    slug,
    status,
    revision,
    outcome: created ? 'created' : changed ? 'updated' : 'unchanged',
    changes: {
      modules: plan.modules.counts,
      sections: plan.sections.counts,
      lessons: plan.lessons.counts,
      blocks: plan.blocks.counts,
    },
  };
}
