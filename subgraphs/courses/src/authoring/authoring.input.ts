/**
 * What an author may say about a course.
 */
import { hasControls } from '@lyceum/service-kit';
import { z } from 'zod';
import { sanitizeHtml } from '../html/sanitize-html.ts';

const noControls = (text: string) => !hasControls(text);

const Title = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must be at most 200 characters')
  .refine(noControls, 'holds control characters');
const Summary = z
  .string()
  .trim()
  .max(500, 'must be at most 500 characters')
  .refine(noControls, 'holds control characters');
const Description = z.string().max(100_000, 'must be at most 100,000 characters').transform(sanitizeHtml);
const Language = z.string().transform((tag, context) => {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? z.NEVER;
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a BCP 47 language tag, such as en or pt-BR' });
    return z.NEVER;
  }
});
const Level = z.enum(['BEGINNER', 'INTERMEDIATE', 'ADVANCED']);
const Tags = z
  .array(
    z
      .string()
      .trim()
      .toLowerCase()
      .min(1, 'must not be empty')
      .max(50, 'must be at most 50 characters')
      .refine(noControls, 'holds control characters'),
  )
  .max(20, 'must be at most 20')
  .transform((tags) => [...new Set(tags)]);

export const CreateCourse = z.object({
  title: Title,
  slug: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{1,78}[a-z0-9]$/,
      'must be 3–80 lower-case letters, digits and hyphens, neither beginning nor ending with a hyphen',
    ),
  summary: Summary,
  description: Description,
  language: Language,
  level: Level,
  tags: Tags,
});
export type CreateCourse = z.output<typeof CreateCourse>;

/** Null counts as left out: no field of a course can be removed. */
const leftOut = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? undefined);

export const UpdateCourse = z.object({
  title: leftOut(Title),
  summary: leftOut(Summary),
  description: leftOut(Description),
  language: leftOut(Language),
  level: leftOut(Level),
  tags: leftOut(Tags),
});
export type UpdateCourse = z.output<typeof UpdateCourse>;
