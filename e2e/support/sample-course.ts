/**
 * The Open edX demo course: real input that is not part of this repository.
 *
 * `LYCEUM_SAMPLE_DATA` names its folder; else a folder `shared/data/openedx-demo-course` beside the checkout is used.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { sampleDataFolder } from './config.ts';

const beside = path.resolve(import.meta.dirname, '../../../shared/data/openedx-demo-course');
const folder = sampleDataFolder() ?? beside;

/** The folder of the export, or undefined where it is absent: then the stories that need it say so and are skipped. */
export const sampleCourse: string | undefined = existsSync(path.join(folder, 'course.xml')) ? folder : undefined;

if (!sampleCourse) console.warn(`The Open edX demo course is not at ${folder}: stories that need it are skipped.`);

/** The slug and the sizes by which the graph must show it. */
export const sampleCourseSize = { modules: 6, sections: 17, lessons: 58 };
