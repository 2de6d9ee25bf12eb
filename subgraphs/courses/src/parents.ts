/**
 * What resolvers of each type receive: rows as repositories answer them.
 */
import type { SlugTaken } from './authoring/authoring.service.ts';
import type { Course } from './catalogue/course.ts';
import type { Block, Lesson, Module, ProblemBlock, Section, TextBlock, VideoBlock } from './content/block.ts';

export type CourseParent = Course;
export type ModuleParent = Module;
export type SectionParent = Section;
export type LessonParent = Lesson;
export type BlockParent = Block;
export type TextBlockParent = TextBlock;
export type VideoBlockParent = VideoBlock;
export type ProblemBlockParent = ProblemBlock;

/** Only the id is known here; who the person is, the users domain tells. */
export interface UserParent {
  readonly id: string;
}

export type SlugTakenParent = SlugTaken;
export type CreateCourseResultParent = Course | SlugTaken;
