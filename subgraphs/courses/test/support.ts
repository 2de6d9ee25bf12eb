/**
 * A courses subgraph in this process, on databases of its own, and documents to import into it.
 */
import { randomUUID } from 'node:crypto';
import type { Role } from '@lyceum/contracts';
import { newId, randomBucket } from '@lyceum/database';
import { createLifecycle, createLogger } from '@lyceum/service-kit';
import { claimsHeader, type GraphClient, graphClient, openTenant, type Tenant } from '@lyceum/testing';
import { CoursesEnv } from '../src/config.ts';
import {
  type BlockDocument,
  type CourseDocument,
  createImportRepository,
  createImportService,
  type ImportService,
} from '../src/import/index.ts';
import { openResources, type Resources } from '../src/resources.ts';
import { createServer } from '../src/server.ts';

export interface Person {
  readonly id: string;
  readonly roles: Role[];
}

export interface CoursesUnderTest extends AsyncDisposable {
  readonly tenant: Tenant;
  readonly resources: Resources;
  readonly importer: ImportService;
  as(viewer: Person | null): Promise<GraphClient>;
}

export function person(...roles: Role[]): Person {
  return { id: newId(randomBucket()), roles: ['LEARNER', ...roles] };
}

export async function openCourses(): Promise<CoursesUnderTest> {
  const tenant = await openTenant(['courses']);
  const log = createLogger('courses-test', { level: 'silent' });
  const life = createLifecycle({ log });
  const close = async () => {
    await life.close();
    await tenant.close();
  };
  try {
    const resources = await openResources({ env: CoursesEnv.parse(tenant.env), source: tenant.env, log, life });
    const { url } = await createServer(resources, life).listen(0, '127.0.0.1');
    return {
      tenant,
      resources,
      importer: createImportService(createImportRepository(resources.database)),
      as: async (viewer) => graphClient(`${url}/graphql`, { headers: await claimsHeader(tenant.env, viewer) }),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export function textBlock(externalKey: string, html = `<p>The text of ${externalKey}.</p>`): BlockDocument {
  return { kind: 'TEXT', externalKey, title: externalKey, html };
}

export const SECRET = 'the-secret-answer';

export function problemBlock(externalKey: string): BlockDocument {
  return {
    ...{ kind: 'PROBLEM', externalKey, title: externalKey, problemKind: 'TEXT', promptHtml: '<p>What is it?</p>' },
    ...{ choices: [], hints: ['Look closely.'], explanation: `Because of ${SECRET}.` },
    grading: { kind: 'text', answers: [SECRET], caseSensitive: false },
  };
}

/** One module of one section whose lessons are given by key; every part has content of its own. */
export function courseDocument(
  lessons: Readonly<Record<string, readonly BlockDocument[]>>,
  about: Partial<CourseDocument> = {},
): CourseDocument {
  const key = randomUUID();
  return {
    ...{ externalKey: key, slug: `course-${key}`, title: 'A course', summary: 'Short.', description: '<p>Long.</p>' },
    ...{ language: 'en', level: 'BEGINNER', tags: [] },
    modules: [
      {
        externalKey: 'module',
        title: 'Module',
        sections: [
          {
            externalKey: 'section',
            title: 'Section',
            lessons: Object.entries(lessons).map(([lesson, blocks]) => ({
              externalKey: lesson,
              title: lesson,
              blocks: [...blocks],
            })),
          },
        ],
      },
    ],
    ...about,
  };
}
