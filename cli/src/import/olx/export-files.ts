/**
 * The files of one unpacked export, read-only and bounded: no path leaves the folder, not even through a link.
 */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { OlxError } from './olx-error.ts';

const FILE_BYTES_MAX = 8 * 1024 * 1024;

export class ExportFiles {
  private readonly root: string;
  private readonly onRead: () => void;

  private constructor(root: string, onRead: () => void) {
    this.root = root;
    this.onRead = onRead;
  }

  /** Takes the folder that holds course.xml: the given one, or the only one in it that does (Studio packs a `course/`). */
  static async open(folder: string, onRead: () => void = () => {}): Promise<ExportFiles> {
    const given = await realpath(folder);
    const names = await readdir(given, { withFileTypes: true });
    if (names.some((entry) => entry.name === 'course.xml')) return new ExportFiles(given, onRead);
    const inner: string[] = [];
    for (const entry of names.filter((entry) => entry.isDirectory())) {
      const found = await stat(join(given, entry.name, 'course.xml')).catch(() => null);
      if (found?.isFile()) inner.push(join(given, entry.name));
    }
    if (inner.length === 1 && inner[0]) return new ExportFiles(inner[0], onRead);
    throw new OlxError(
      'course.xml',
      null,
      inner.length === 0
        ? 'not found: this is no Open edX export'
        : 'several folders hold a course.xml; name one of them',
    );
  }

  /** The text of a file, or null if there is none. Throws an OlxError on a path out of the export, or a file too large. */
  async text(path: string): Promise<string | null> {
    const wanted = join(this.root, path);
    const found = await realpath(wanted).catch(() => null);
    if (!wanted.startsWith(this.root + sep) || (found !== null && !found.startsWith(this.root + sep))) {
      throw new OlxError(path, null, 'the path leads out of the export');
    }
    if (found === null) return null;
    const file = await stat(found);
    // A pipe or a device would keep the import waiting, or never end.
    if (!file.isFile()) throw new OlxError(path, null, 'is no file');
    const { size } = file;
    if (size > FILE_BYTES_MAX) throw new OlxError(path, null, `larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB`);
    this.onRead();
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(found));
    } catch {
      throw new OlxError(path, null, 'is not UTF-8 text');
    }
  }

  /** How many files with this ending lie in a folder of the export; 0 if there is no such folder. */
  async count(folder: string, ending: string): Promise<number> {
    const entries = await readdir(join(this.root, folder), { recursive: true }).catch(() => []);
    return entries.filter((name) => name.endsWith(ending)).length;
  }
}
