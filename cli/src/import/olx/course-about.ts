/**
 * What an export says about its course as a whole: key, title, summary, description and language.
 */
import type { CourseDocument } from '@lyceum/courses/import';
import { htmlToText, sanitizeHtml } from '@lyceum/courses/import';
import { isStorable } from '@lyceum/service-kit';
import { z } from 'zod';
import type { ExportFiles } from './export-files.ts';
import { OlxError } from './olx-error.ts';
import type { OlxElement } from './xml.ts';

/** JSON can spell what no database holds, unlike XML and UTF-8. */
const Text = z.string().refine(isStorable, 'holds characters that no text can hold');
const Policy = z.record(Text, z.looseObject({ display_name: Text.nullish(), language: z.string().nullish() }));

export interface CourseAbout {
  readonly course: Omit<CourseDocument, 'modules'>;
  readonly displayNames: ReadonlyMap<string, string>;
}

export async function readCourseAbout(
  files: ExportFiles,
  pointer: OlxElement,
  course: OlxElement,
): Promise<CourseAbout> {
  const { org = 'unknown', course: number = 'unknown', url_name: run = 'unknown' } = pointer.attributes;
  const policy = await readPolicy(files, `policies/${run}/policy.json`);
  const own = policy[`course/${run}`];
  const title = (course.attributes.display_name ?? own?.display_name ?? `${org} ${number}`).trim().slice(0, 200);
  const language = course.attributes.language ?? own?.language ?? 'en';
  const displayNames = Object.entries(policy).flatMap(([key, { display_name }]) =>
    display_name ? [[key, display_name] as const] : [],
  );
  return {
    course: {
      externalKey: `course-v1:${org}+${number}+${run}`.slice(0, 300),
      slug: slugOf(title, `${org}-${number}-${run}`),
      title,
      summary: shorten(await aboutText(files, 'short_description')),
      description: sanitizeHtml((await files.text('about/overview.html')) ?? ''),
      language: /^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$/.test(language) ? language.replaceAll('_', '-') : 'en',
      level: 'BEGINNER',
      tags: [],
    },
    displayNames: new Map(displayNames),
  };
}

async function aboutText(files: ExportFiles, name: string): Promise<string> {
  return htmlToText((await files.text(`about/${name}.html`)) ?? '').replace(/\s+/g, ' ');
}

function shorten(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 499).replace(/\s+\S*$/, '')}…`;
}

async function readPolicy(files: ExportFiles, path: string): Promise<z.output<typeof Policy>> {
  const text = await files.text(path);
  if (text === null) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new OlxError(path, null, `is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  const parsed = Policy.safeParse(value);
  if (!parsed.success) throw new OlxError(path, null, z.prettifyError(parsed.error));
  return parsed.data;
}

/** Lower-case letters, digits and hyphens of the title; of the course's key if the title has none. */
function slugOf(title: string, key: string): string {
  for (const text of [title, key, 'course']) {
    const slug = text
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 80)
      .replace(/^-+|-+$/g, '');
    if (slug.length >= 3) return slug;
  }
  return 'imported-course';
}
