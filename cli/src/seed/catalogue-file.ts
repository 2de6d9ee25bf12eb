/**
 * The format of prisma/seed/catalogue/*.yaml, made for writing courses by hand, as a course document.
 *
 * Keys are short and unique within the course; they must not change, or what learners did is lost with them. A block is
 * `text` (HTML) or a `problem` with exactly one of `choices`, `number` and `answers`.
 */
import { type BlockDocument, CourseDocument } from '@lyceum/courses/import';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { Failure } from '../failure.ts';

const Key = z.string().regex(/^[a-z0-9-]+$/, 'is lower-case letters, digits and hyphens');

const TextBlock = z.strictObject({ key: Key, title: z.string().default(''), text: z.string() });
const ProblemBlock = z.strictObject({
  key: Key,
  title: z.string().default(''),
  problem: z.string(),
  /** One correct choice asks for one; `many: true` asks for all that are correct. */
  choices: z.array(z.union([z.string(), z.strictObject({ correct: z.string() })])).optional(),
  many: z.boolean().default(false),
  number: z.strictObject({ value: z.number(), tolerance: z.number().default(0) }).optional(),
  answers: z.array(z.string()).optional(),
  hints: z.array(z.string()).default([]),
  explanation: z.string(),
});
type ProblemBlock = z.output<typeof ProblemBlock>;

const Lesson = z.strictObject({ key: Key, title: z.string(), blocks: z.array(z.union([TextBlock, ProblemBlock])) });
const Section = z.strictObject({ key: Key, title: z.string(), lessons: z.array(Lesson) });
const Module = z.strictObject({ key: Key, title: z.string(), sections: z.array(Section) });
const CatalogueFile = z.strictObject({
  slug: Key,
  title: z.string(),
  summary: z.string(),
  description: z.string(),
  language: z.string().default('en'),
  level: CourseDocument.shape.level,
  tags: z.array(z.string()),
  modules: z.array(Module),
});

/** Throws a Failure that names the file and each place at fault. */
export function parseCatalogueFile(name: string, source: string): CourseDocument {
  const yaml = parseDocument(source);
  if (yaml.errors.length > 0) throw new Failure(`${name}: ${yaml.errors.map(({ message }) => message).join('\n')}`);
  const file = CatalogueFile.safeParse(yaml.toJS());
  if (!file.success) throw new Failure(`${name}:\n${z.prettifyError(file.error)}`);
  const { slug, modules, ...about } = file.data;
  const document = CourseDocument.safeParse({
    ...about,
    slug,
    externalKey: `catalogue:${slug}`,
    modules: modules.map(({ key, title, sections }) => ({
      externalKey: `module/${key}`,
      title,
      sections: sections.map((section) => ({
        externalKey: `section/${section.key}`,
        title: section.title,
        lessons: section.lessons.map((lesson) => ({
          externalKey: `lesson/${lesson.key}`,
          title: lesson.title,
          blocks: lesson.blocks.map((block) => toBlock(name, `${lesson.key}/${block.key}`, block)),
        })),
      })),
    })),
  });
  if (!document.success) throw new Failure(`${name}:\n${z.prettifyError(document.error)}`);
  return document.data;
}

function toBlock(file: string, key: string, block: z.output<typeof TextBlock> | ProblemBlock): BlockDocument {
  const named = { externalKey: `block/${key}`, title: block.title };
  if ('text' in block) return { kind: 'TEXT', ...named, html: block.text };
  const { problem: promptHtml, hints, explanation } = block;
  const asked = { ...named, promptHtml, hints, explanation: explanation.trim() };
  const forms = [block.choices, block.number, block.answers].filter((form) => form !== undefined);
  if (forms.length !== 1) throw new Failure(`${file}: ${key} needs exactly one of choices, number and answers`);
  if (block.number) {
    return {
      kind: 'PROBLEM',
      ...asked,
      problemKind: 'NUMERIC',
      choices: [],
      grading: { kind: 'numeric', ...block.number },
    };
  }
  if (block.answers) {
    const grading = { kind: 'text', answers: block.answers, caseSensitive: false } as const;
    return { kind: 'PROBLEM', ...asked, problemKind: 'TEXT', choices: [], grading };
  }
  const choices = (block.choices ?? []).map((choice, index) => ({
    id: `choice_${index + 1}`,
    text: typeof choice === 'string' ? choice : choice.correct,
    correct: typeof choice !== 'string',
  }));
  return {
    kind: 'PROBLEM',
    ...asked,
    problemKind: block.many ? 'MULTIPLE_CHOICE' : 'SINGLE_CHOICE',
    choices: choices.map(({ id, text }) => ({ id, text })),
    grading: { kind: 'choices', correctChoiceIds: choices.filter(({ correct }) => correct).map(({ id }) => id) },
  };
}
