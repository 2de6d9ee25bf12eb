/**
 * Reads an Open edX export, a folder or a .tar.gz, into a course document. Writes nothing but a temporary folder.
 *
 * Throws an OlxError that names file and line if anything in it is broken: an import is all or nothing.
 */
import { stat } from 'node:fs/promises';
import { CourseDocument } from '@lyceum/courses/import';
import { z } from 'zod';
import { withExtracted } from './archive.ts';
import { readCourse } from './course-reader.ts';
import { ExportFiles } from './export-files.ts';
import { OlxError } from './olx-error.ts';
import type { OlxReport } from './report.ts';

export interface OlxExport {
  readonly document: CourseDocument;
  readonly report: OlxReport;
}

export interface ReadOlxOptions {
  /** Called for each file read; `of` is how many there are, of which some may not be needed. */
  readonly onProgress?: (done: number, of: number) => void;
}

export async function readOlx(path: string, options: ReadOlxOptions = {}): Promise<OlxExport> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new OlxError(path, null, 'there is no such file or folder');
  if (found.isDirectory()) return readFolder(path, options);
  return withExtracted(path, (folder) => readFolder(folder, options));
}

async function readFolder(folder: string, { onProgress }: ReadOlxOptions): Promise<OlxExport> {
  let done = 0;
  let of = 0;
  const files = await ExportFiles.open(folder, () => {
    done += 1;
    onProgress?.(Math.min(done, of), of);
  });
  of = (await files.count('.', '.xml')) + (await files.count('.', '.html'));
  const { document, report } = await readCourse(files);
  const parsed = CourseDocument.safeParse(document);
  if (!parsed.success) throw new OlxError('course.xml', null, z.prettifyError(parsed.error));
  onProgress?.(of, of);
  return { document: parsed.data, report };
}
