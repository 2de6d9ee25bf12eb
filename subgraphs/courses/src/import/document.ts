/**
 * A whole course as one document: what every importer makes and `importCourse` takes.
 *
 * Keys are the source's own names. They must be unique within the course and the same in the next export, because an
 * item is recognised by its key: ids survive, and with them what learners did.
 */
import { Grading } from '@lyceum/contracts';
import { z } from 'zod';

const ExternalKey = z.string().min(1).max(300);
const Title = z.string().trim().min(1).max(300);

export const TextBlockDocument = z.strictObject({
  kind: z.literal('TEXT'),
  externalKey: ExternalKey,
  title: z.string().max(300),
  html: z.string(),
});

export const VideoBlockDocument = z.strictObject({
  kind: z.literal('VIDEO'),
  externalKey: ExternalKey,
  title: z.string().max(300),
  url: z.url({ protocol: /^https$/ }).nullable(),
  youtubeId: z.string().nullable(),
  durationSeconds: z.number().int().positive().nullable(),
});

export const ProblemKind = z.enum(['SINGLE_CHOICE', 'MULTIPLE_CHOICE', 'NUMERIC', 'TEXT', 'UNGRADED']);
export type ProblemKind = z.output<typeof ProblemKind>;

const GRADING_OF: Record<ProblemKind, Grading['kind'] | null> = {
  SINGLE_CHOICE: 'choices',
  MULTIPLE_CHOICE: 'choices',
  NUMERIC: 'numeric',
  TEXT: 'text',
  UNGRADED: null,
};

export const ProblemBlockDocument = z
  .strictObject({
    kind: z.literal('PROBLEM'),
    externalKey: ExternalKey,
    title: z.string().max(300),
    problemKind: ProblemKind,
    promptHtml: z.string(),
    choices: z.array(z.strictObject({ id: z.string().min(1).max(100), text: z.string().min(1) })).max(50),
    hints: z.array(z.string().min(1)),
    /** Null exactly for UNGRADED. */
    grading: Grading.nullable(),
    /** Plain text shown after an answer; may be empty. */
    explanation: z.string(),
  })
  .superRefine((problem, issues) => {
    const grading = problem.grading;
    if ((grading?.kind ?? null) !== GRADING_OF[problem.problemKind]) {
      issues.addIssue({ code: 'custom', path: ['grading'], message: `does not fit a ${problem.problemKind} problem` });
    }
    const ids = new Set(problem.choices.map((choice) => choice.id));
    if (ids.size !== problem.choices.length) {
      issues.addIssue({ code: 'custom', path: ['choices'], message: 'two choices have the same id' });
    }
    if (grading?.kind !== 'choices') return;
    if (grading.correctChoiceIds.some((id) => !ids.has(id))) {
      issues.addIssue({ code: 'custom', path: ['grading'], message: 'a correct choice is not among the choices' });
    }
    if (problem.problemKind === 'SINGLE_CHOICE' && grading.correctChoiceIds.length !== 1) {
      issues.addIssue({ code: 'custom', path: ['grading'], message: 'a single choice has exactly one correct choice' });
    }
  });

export const BlockDocument = z.discriminatedUnion('kind', [
  TextBlockDocument,
  VideoBlockDocument,
  ProblemBlockDocument,
]);
export type BlockDocument = z.output<typeof BlockDocument>;

export const LessonDocument = z.strictObject({
  externalKey: ExternalKey,
  title: Title,
  blocks: z.array(BlockDocument),
});
export type LessonDocument = z.output<typeof LessonDocument>;

export const SectionDocument = z.strictObject({
  externalKey: ExternalKey,
  title: Title,
  lessons: z.array(LessonDocument),
});
export type SectionDocument = z.output<typeof SectionDocument>;

export const ModuleDocument = z.strictObject({
  externalKey: ExternalKey,
  title: Title,
  sections: z.array(SectionDocument),
});
export type ModuleDocument = z.output<typeof ModuleDocument>;

export const CourseDocument = z
  .strictObject({
    /** Unique among all courses of all sources, such as course-v1:Org+Course+Run. */
    externalKey: ExternalKey,
    /** Wished for; another is chosen if it names a course already. */
    slug: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{1,78})[a-z0-9]$/),
    title: z.string().trim().min(1).max(200),
    summary: z.string().max(500),
    /** HTML; sanitised on import. */
    description: z.string(),
    language: z.string().regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/),
    level: z.enum(['BEGINNER', 'INTERMEDIATE', 'ADVANCED']),
    tags: z
      .array(
        z
          .string()
          .regex(/^\S(.*\S)?$/)
          .max(50),
      )
      .max(20),
    modules: z.array(ModuleDocument),
  })
  .superRefine((course, issues) => {
    const seen = new Set<string>();
    const claim = (externalKey: string) => {
      if (seen.has(externalKey)) issues.addIssue({ code: 'custom', message: `the key ${externalKey} occurs twice` });
      seen.add(externalKey);
    };
    for (const module of course.modules) {
      claim(module.externalKey);
      for (const section of module.sections) {
        claim(section.externalKey);
        for (const lesson of section.lessons) {
          claim(lesson.externalKey);
          for (const block of lesson.blocks) claim(block.externalKey);
        }
      }
    }
  });
export type CourseDocument = z.output<typeof CourseDocument>;
