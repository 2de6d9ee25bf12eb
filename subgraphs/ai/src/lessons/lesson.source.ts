/**
 * Reads lessons and problems as the viewer, through the gateway: what the viewer may not see is not there for a job
 * either, and this service needs to know no other one.
 *
 * One query each. The gateway takes an internal claims token of its own audience instead of the viewer's bearer token.
 */
import { CLAIMS_HEADER, type Viewer } from '@lyceum/contracts';
import { type Logger, LyceumError, signClaims, withTimeout } from '@lyceum/service-kit';
import { z } from 'zod';

const timeoutMs = 3_000;

/** Fields of an AiJobInput. */
export interface LessonText {
  readonly lessonId: string;
  readonly lessonTitle: string;
  /** Never empty. */
  readonly lessonText: string;
}

export interface ProblemText {
  readonly lesson: LessonText;
  /** The viewer's latest answer; null before the first. */
  readonly answer: {
    readonly prompt: string;
    readonly learnerAnswer: string;
    readonly correctAnswer: string;
    readonly explanation: string;
  } | null;
}

export interface LessonSource {
  /** Null if there is none, the viewer may not see it, or it has no text. Throws SERVICE_UNAVAILABLE. */
  lesson(lessonId: string): Promise<LessonText | null>;
  /** Null if there is none, the viewer may not see it, or its lesson has no text. Throws SERVICE_UNAVAILABLE. */
  problem(problemId: string): Promise<ProblemText | null>;
  /** Some published lesson that has text. Null if there is none. Throws SERVICE_UNAVAILABLE. */
  anyLessonId(): Promise<string | null>;
}

const lessonQuery = /* GraphQL */ `query LessonOfAiJob($id: ID!) { lesson(id: $id) { id title plainText } }`;
const problemQuery = /* GraphQL */ `
  query ProblemOfAiJob($id: ID!) {
    problem(id: $id) {
      prompt
      choices { id text }
      lesson { id title plainText }
      viewerAttempts { choiceIds response }
      viewerSolution { correctChoiceIds answers explanation }
    }
  }`;

const catalogueQuery = /* GraphQL */ `
  query CatalogueOfAiJobs {
    courses(first: 3) { edges { node { lessons(first: 10) { edges { node { id title plainText } } } } } }
  }`;

const Lesson = z.object({ id: z.string(), title: z.string(), plainText: z.string() });
const LessonData = z.object({ lesson: Lesson.nullable() });
const ProblemData = z.object({
  problem: z
    .object({
      prompt: z.string(),
      choices: z.array(z.object({ id: z.string(), text: z.string() })),
      lesson: Lesson,
      viewerAttempts: z.array(z.object({ choiceIds: z.array(z.string()), response: z.string().nullable() })),
      viewerSolution: z
        .object({ correctChoiceIds: z.array(z.string()), answers: z.array(z.string()), explanation: z.string() })
        .nullable(),
    })
    .nullable(),
});
const edgesOf = <S extends z.ZodType>(node: S) => z.object({ edges: z.array(z.object({ node })) });
const CatalogueData = z.object({ courses: edgesOf(z.object({ lessons: edgesOf(Lesson) })) });
type Problem = NonNullable<z.output<typeof ProblemData>['problem']>;

export interface LessonSourceOptions {
  /** The gateway, with or without `/graphql`. */
  readonly gatewayUrl: string;
  readonly claimsSecret: string;
  readonly viewer: Viewer | null;
  readonly requestId: string;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export function createLessonSource(options: LessonSourceOptions): LessonSource {
  return {
    async lesson(lessonId) {
      const { lesson } = await ask(options, lessonQuery, { id: lessonId }, LessonData);
      return lesson && toLessonText(lesson);
    },
    async problem(problemId) {
      const { problem } = await ask(options, problemQuery, { id: problemId }, ProblemData);
      const lesson = problem && toLessonText(problem.lesson);
      return lesson && { lesson, answer: toAnswer(problem) };
    },
    async anyLessonId() {
      const { courses } = await ask(options, catalogueQuery, {}, CatalogueData);
      const lessons = courses.edges.flatMap(({ node }) => node.lessons.edges.map((edge) => edge.node));
      return lessons.find(toLessonText)?.id ?? null;
    },
  };
}

function toLessonText({ id, title, plainText }: z.output<typeof Lesson>): LessonText | null {
  const lessonText = plainText.trim();
  return lessonText === '' ? null : { lessonId: id, lessonTitle: title, lessonText };
}

function toAnswer({ prompt, choices, viewerAttempts, viewerSolution }: Problem): ProblemText['answer'] {
  const latest = viewerAttempts[0];
  if (!latest || !viewerSolution) return null;
  const textOf = new Map(choices.map(({ id, text }) => [id, text]));
  const inWords = (choiceIds: readonly string[], texts: readonly string[]) =>
    [...choiceIds.map((id) => textOf.get(id) ?? id), ...texts].join(', ');
  return {
    prompt,
    learnerAnswer: inWords(latest.choiceIds, latest.response === null ? [] : [latest.response]),
    correctAnswer: inWords(viewerSolution.correctChoiceIds, viewerSolution.answers),
    explanation: viewerSolution.explanation,
  };
}

async function ask<S extends z.ZodType>(
  o: LessonSourceOptions,
  query: string,
  variables: Record<string, string>,
  data: S,
): Promise<z.output<S>> {
  try {
    const answer = await withTimeout((expiry) => post(o, query, variables, expiry), timeoutMs, 'reading a lesson');
    // A field that failed is null like one that is hidden: with an error the difference is not known.
    return data.parse(z.object({ data: z.unknown(), errors: z.undefined().optional() }).parse(answer).data);
  } catch (cause) {
    o.signal.throwIfAborted();
    o.log.warn({ err: cause, gateway: new URL(o.gatewayUrl).host }, 'lesson could not be read');
    throw new LyceumError('SERVICE_UNAVAILABLE', 'Lessons cannot be read right now. Try again.', undefined, { cause });
  }
}

async function post(
  o: LessonSourceOptions,
  query: string,
  variables: Record<string, string>,
  expiry: AbortSignal,
): Promise<unknown> {
  const viewer = o.viewer && { ...o.viewer, roles: [...o.viewer.roles] };
  const response = await fetch(new URL('/graphql', o.gatewayUrl), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      [CLAIMS_HEADER]: await signClaims({ requestId: o.requestId, viewer }, o.claimsSecret, 'gateway'),
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.any([expiry, o.signal]),
    redirect: 'error',
  });
  return response.json();
}
