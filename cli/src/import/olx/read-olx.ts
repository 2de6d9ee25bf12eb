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

export async function readOlx(path: string): Promise<OlxExport> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new OlxError(path, null, 'there is no such file or folder');
  if (found.isDirectory()) return readFolder(path);
  return withExtracted(path, readFolder);
}

async function readFolder(folder: string): Promise<OlxExport> {
  const { document, report } = await readCourse(await ExportFiles.open(folder));
  const parsed = CourseDocument.safeParse(document);
  if (!parsed.success) throw new OlxError('course.xml', null, z.prettifyError(parsed.error));
  return { document: parsed.data, report };
}
