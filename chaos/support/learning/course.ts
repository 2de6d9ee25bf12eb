/**
 * The course that learners take, as the graph shows it.
 */
import { until } from '@lyceum/local-stack';
import type { GatewayClient } from '../gateway-client.ts';

export interface Course {
  readonly id: string;
  readonly title: string;
  /** Id → title. */
  readonly lessons: ReadonlyMap<string, string>;
  /** Problems with exactly one right choice. */
  readonly problems: readonly { readonly id: string; readonly choices: readonly { readonly id: string }[] }[];
}

interface Content {
  readonly id: string;
  readonly title: string;
  readonly modules: readonly {
    readonly sections: readonly {
      readonly lessons: readonly {
        readonly id: string;
        readonly title: string;
        readonly blocks: readonly (Partial<Course['problems'][number]> & { readonly kind?: string })[];
      }[];
    }[];
  }[];
}

const COURSE = `{
  courseBySlug(slug: "learning-how-to-learn") {
    id title
    modules { sections { lessons { id title blocks { ... on ProblemBlock { id kind choices { id } } } } } }
  }
}`;
const PROGRESS = `query Progress($courseId: ID!) {
  course(id: $courseId) {
    viewerProgress {
      percentage completedLessons totalLessons answeredProblems correctProblems totalProblems revision
    }
  }
}`;
const ENROLL = 'mutation Enroll($courseId: ID!) { enroll(courseId: $courseId) { __typename } }';
const PATIENCE_MS = 30_000;

export async function readCourse(client: GatewayClient): Promise<Course> {
  const { data, errors } = await client.ask(COURSE);
  const { courseBySlug } = (data ?? {}) as { courseBySlug?: Content };
  if (!courseBySlug) throw new Error(`the course cannot be read: ${JSON.stringify(errors)}`);
  const { id, title, modules } = courseBySlug;
  const lessons = modules.flatMap(({ sections }) => sections).flatMap((section) => section.lessons);
  return {
    id,
    title,
    lessons: new Map(lessons.map((lesson) => [lesson.id, lesson.title])),
    problems: lessons
      .flatMap(({ blocks }) => blocks)
      .flatMap(({ id: problemId, kind, choices }) =>
        problemId !== undefined && kind === 'SINGLE_CHOICE' && choices ? [{ id: problemId, choices }] : [],
      ),
  };
}

/** How far the graph says that a learner is. */
export async function readProgress(client: GatewayClient, token: string, courseId: string): Promise<unknown> {
  const { data } = await client.ask(PROGRESS, { token, variables: { courseId } });
  return (data as { course?: { viewerProgress?: unknown } } | null)?.course?.viewerProgress;
}

/** Waits for a course that was published a moment ago. */
export async function enroll(client: GatewayClient, token: string, courseId: string): Promise<void> {
  let answer: unknown;
  const enrolled = await until(
    async () => {
      answer = await client.ask(ENROLL, { token, variables: { courseId } });
      return JSON.stringify(answer) === '{"data":{"enroll":{"__typename":"Enrollment"}}}';
    },
    PATIENCE_MS,
    100,
  );
  if (!enrolled) throw new Error(`nobody can enrol: ${JSON.stringify(answer)}`);
}
