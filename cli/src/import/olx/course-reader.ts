/**
 * Walks an export from course.xml down to its blocks and makes a course document of it.
 *
 * An element stands where it is used or in a file of its own, named by its kind and `url_name`. Wrappers (libraries,
 * conditions) give their content to the lesson they stand in; experiments and random choices give one alternative, so
 * that nobody reads the same part twice. What only staff may see, and drafts, are left out.
 */
import type {
  BlockDocument,
  CourseDocument,
  LessonDocument,
  ModuleDocument,
  SectionDocument,
} from '@lyceum/courses/import';
import { readHtml, readProblem, readVideo } from './blocks.ts';
import { readCourseAbout } from './course-about.ts';
import type { ExportFiles } from './export-files.ts';
import { OlxError } from './olx-error.ts';
import { count, OlxReport } from './report.ts';
import { elementsOf, type OlxElement, parseOlx } from './xml.ts';

const WRAPPERS = new Set(
  'vertical unit library_content legacy_library_content itembank problem_bank conditional wrapper problemset sequential'.split(
    ' ',
  ),
);
const ALTERNATIVES = new Set(['split_test', 'randomize']);
const DEPTH_MAX = 20;
/** Elements read, each as often as it is used: files that use one another many times over would otherwise never end. */
const ELEMENTS_MAX = 50_000;

export async function readCourse(files: ExportFiles): Promise<{ document: CourseDocument; report: OlxReport }> {
  const source = await files.text('course.xml');
  if (source === null) throw new OlxError('course.xml', null, 'not found');
  const pointer = parseOlx('course.xml', source);
  if (pointer.name !== 'course')
    throw new OlxError('course.xml', pointer.line, `is a <${pointer.name}>, not a <course>`);
  const reader = new CourseReader(files);
  const course = await reader.resolve(pointer);
  const about = await readCourseAbout(files, pointer, course);
  reader.displayNames = about.displayNames;
  const modules = await reader.modules(course);
  reader.report.drafts = await files.count('drafts', '.xml');
  return { document: { ...about.course, modules }, report: reader.report };
}

class CourseReader {
  readonly report = new OlxReport();
  /** Titles that older exports keep in policy.json, by `kind/url_name`. */
  displayNames: ReadonlyMap<string, string> = new Map();
  private readonly files: ExportFiles;
  /** How often each key was used. */
  private readonly keys = new Map<string, number>();
  private elements = 0;

  constructor(files: ExportFiles) {
    this.files = files;
  }

  /** The element itself, or what the file it points to holds; attributes of both, those of the file first. */
  async resolve(element: OlxElement): Promise<OlxElement> {
    this.elements += 1;
    if (this.elements > ELEMENTS_MAX) {
      throw new OlxError(element.file, element.line, `the course uses more than ${ELEMENTS_MAX} elements`);
    }
    const urlName = element.attributes.url_name;
    const empty = element.children.every((child) => typeof child === 'string' && child.trim() === '');
    if (!urlName || !empty) return element;
    const path = `${element.name}/${urlName.replaceAll(':', '/')}.xml`;
    const source = await this.files.text(path);
    if (source === null) {
      const pointsOnly = Object.keys(element.attributes).every((name) =>
        ['url_name', 'slug', 'org', 'course'].includes(name),
      );
      if (!pointsOnly || !KNOWN.has(element.name)) return element;
      throw new OlxError(element.file, element.line, `points to ${path}, which does not exist`);
    }
    const target = parseOlx(path, source);
    if (target.name !== element.name)
      throw new OlxError(path, target.line, `is a <${target.name}>, not a <${element.name}>`);
    return { ...target, attributes: { ...element.attributes, ...target.attributes } };
  }

  async modules(course: OlxElement): Promise<ModuleDocument[]> {
    const modules: ModuleDocument[] = [];
    for (const pointer of elementsOf(course)) {
      if (pointer.name !== 'chapter') continue;
      const chapter = await this.visible(pointer);
      if (!chapter) continue;
      const named = this.name(pointer, chapter, 'course', `Module ${modules.length + 1}`);
      modules.push({ ...named, sections: await this.sections(chapter, named) });
    }
    this.report.counts.modules = modules.length;
    return modules;
  }

  /** A chapter's sequentials; units that stand in a chapter directly form a section of their own. */
  private async sections(
    chapter: OlxElement,
    module: { externalKey: string; title: string },
  ): Promise<SectionDocument[]> {
    const sections: SectionDocument[] = [];
    let loose: SectionDocument | null = null;
    for (const pointer of elementsOf(chapter)) {
      const element = await this.visible(pointer);
      if (!element) continue;
      if (element.name === 'sequential' || element.name === 'videosequence') {
        const named = this.name(pointer, element, module.externalKey, `Section ${sections.length + 1}`);
        sections.push({ ...named, lessons: await this.lessons(elementsOf(element), named.externalKey) });
        loose = null;
        continue;
      }
      const lessons = await this.lessons([pointer], module.externalKey);
      if (lessons.length === 0) continue;
      if (!loose) {
        loose = { externalKey: this.unique(`${module.externalKey}/section`), title: module.title, lessons: [] };
        sections.push(loose);
      }
      loose.lessons.push(...lessons);
    }
    this.report.counts.sections += sections.length;
    return sections;
  }

  /** A sequential's verticals; a block that stands there directly is a lesson of its own. */
  private async lessons(pointers: readonly OlxElement[], parentKey: string): Promise<LessonDocument[]> {
    const lessons: LessonDocument[] = [];
    for (const pointer of pointers) {
      const element = await this.visible(pointer);
      if (!element) continue;
      const fallback = `Lesson ${lessons.length + 1}`;
      if (element.name === 'vertical' || element.name === 'unit') {
        const named = this.name(pointer, element, parentKey, fallback);
        lessons.push({ ...named, blocks: await this.blocks(elementsOf(element), named.externalKey, 0) });
        continue;
      }
      const title = this.titleOf(pointer, element) || fallback;
      const externalKey = this.unique(`lesson/${keyOf(pointer, element) ?? `${parentKey}/${lessons.length + 1}`}`);
      const blocks = await this.blocks([pointer], externalKey, 0);
      if (blocks.length > 0) lessons.push({ externalKey, title, blocks });
    }
    this.report.counts.lessons += lessons.length;
    return lessons;
  }

  private async blocks(pointers: readonly OlxElement[], parentKey: string, depth: number): Promise<BlockDocument[]> {
    if (depth > DEPTH_MAX)
      throw new OlxError(pointers[0]?.file ?? '', pointers[0]?.line ?? null, 'nests in itself, or too deep');
    const blocks: BlockDocument[] = [];
    for (const pointer of pointers) {
      const element = await this.visible(pointer);
      if (!element) continue;
      if (WRAPPERS.has(element.name) || ALTERNATIVES.has(element.name)) {
        count(this.report.unwrapped, element.name);
        const inner = elementsOf(element).filter((child) => !NO_CONTENT.has(child.name));
        const taken = ALTERNATIVES.has(element.name) ? inner.slice(0, 1) : inner;
        this.report.alternatives += inner.length - taken.length;
        blocks.push(...(await this.blocks(taken, this.nameless(element, parentKey), depth + 1)));
      } else if (READERS.has(element.name)) {
        blocks.push(await this.block(pointer, element, parentKey));
      } else {
        count(this.report.unknown, element.name);
      }
    }
    return blocks;
  }

  private async block(pointer: OlxElement, element: OlxElement, parentKey: string): Promise<BlockDocument> {
    const named = this.name(pointer, element, parentKey, '');
    if (element.name === 'html') {
      const block = await readHtml(element, named, this.files);
      this.report.counts.text += 1;
      if (block.kind === 'TEXT' && !/<img\b/.test(block.html) && block.html.replace(/<[^>]*>/g, '').trim() === '') {
        this.report.emptyTexts += 1;
      }
      return block;
    }
    if (element.name === 'video') {
      this.report.counts.video += 1;
      return readVideo(element, named);
    }
    this.report.counts.problem += 1;
    return readProblem(element, named, this.report);
  }

  private async visible(pointer: OlxElement): Promise<OlxElement | null> {
    const element = await this.resolve(pointer);
    if (element.attributes.visible_to_staff_only !== 'true') return element;
    this.report.staffOnly += 1;
    return null;
  }

  private name(pointer: OlxElement, element: OlxElement, parentKey: string, fallback: string) {
    const key = keyOf(pointer, element);
    const externalKey = key === null ? this.nameless(element, parentKey) : this.unique(key);
    return { externalKey, title: this.titleOf(pointer, element) || fallback };
  }

  private titleOf(pointer: OlxElement, element: OlxElement): string {
    const title = element.attributes.display_name ?? this.displayNames.get(keyOf(pointer, element) ?? '') ?? '';
    return title.replace(/\s+/g, ' ').trim().slice(0, 300);
  }

  private nameless(element: OlxElement, parentKey: string): string {
    return this.unique(`${parentKey}/${element.name}`);
  }

  /** A second use of the same block is an item of its own. */
  private unique(key: string): string {
    const wanted = key.slice(0, 280);
    let unique = wanted;
    let uses = this.keys.get(wanted) ?? 0;
    while (this.keys.has(unique)) {
      uses += 1;
      unique = `${wanted}#${uses}`;
    }
    this.keys.set(wanted, Math.max(uses, 1));
    if (unique !== wanted) this.keys.set(unique, 1);
    return unique;
  }
}

const READERS = new Set(['html', 'video', 'problem']);
const KNOWN = new Set(['course', 'chapter', 'sequential', 'videosequence', ...READERS, ...WRAPPERS, ...ALTERNATIVES]);
const NO_CONTENT = new Set(['show', 'transcript']);

/** Null for an element without a name of its own. */
function keyOf(pointer: OlxElement, element: OlxElement): string | null {
  const urlName = pointer.attributes.url_name ?? element.attributes.url_name ?? element.attributes.slug;
  return urlName ? `${element.name}/${urlName}` : null;
}
