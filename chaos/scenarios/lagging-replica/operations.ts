/**
 * What learners write, and where else they look for it. Each tells what its answer shows.
 */
import type { Course } from '../../support/learning/course.ts';
import { editionOf, nameOf, type State } from './known.ts';

export interface Operation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Throws if the answer is not whole. */
  readonly read: (data: unknown) => Partial<State>;
}

interface Progress {
  readonly revision: number;
}
interface Person {
  readonly displayName: string;
}

export function answerProblem({ problems }: Course): Operation {
  const { id: problemId, choices } = oneOf(problems);
  return {
    query: 'mutation Answer($input: AnswerProblemInput!) { answerProblem(input: $input) { progress { revision } } }',
    variables: { input: { problemId, choiceIds: [oneOf(choices).id] } },
    read: (data) => (data as { answerProblem: { progress: Progress } }).answerProblem.progress,
  };
}

export function completeLesson(lessonId: string): Operation {
  return {
    query: 'mutation Complete($lessonId: ID!) { completeLesson(lessonId: $lessonId) { revision } }',
    variables: { lessonId },
    read: (data) => (data as { completeLesson: Progress }).completeLesson,
  };
}

export function rename(edition: number): Operation {
  return {
    query: 'mutation Rename($name: String!) { updateProfile(input: { displayName: $name }) { displayName } }',
    variables: { name: nameOf(edition) },
    read: (data) => shownBy((data as { updateProfile: Person }).updateProfile),
  };
}

/** The courses service first, then progress. */
export function lookAtCourse(courseId: string): Operation {
  return {
    query: 'query AtCourse($id: ID!) { course(id: $id) { title viewerProgress { revision } } }',
    variables: { id: courseId },
    read: (data) => (data as { course: { viewerProgress: Progress } }).course.viewerProgress,
  };
}

/** Progress, and from there back to users. */
export function lookAtEnrollment(courseId: string): Operation {
  return {
    query: `query AtEnrollment($id: ID!) {
      course(id: $id) { viewerEnrollment { progress { revision } learner { displayName } } }
    }`,
    variables: { id: courseId },
    read(data) {
      const { course } = data as { course: { viewerEnrollment: { progress: Progress; learner: Person } } };
      const { progress, learner } = course.viewerEnrollment;
      return { ...progress, ...shownBy(learner) };
    },
  };
}

/** Users, and from there to progress. */
export function lookAtOneself(): Operation {
  return {
    query: '{ viewer { displayName enrollments(first: 1) { edges { node { progress { revision } } } } } }',
    variables: {},
    read(data) {
      type Edges = readonly [{ readonly node: { readonly progress: Progress } }];
      const { viewer } = data as { viewer: Person & { enrollments: { edges: Edges } } };
      return { ...shownBy(viewer), ...viewer.enrollments.edges[0].node.progress };
    },
  };
}

/** As everybody sees the person. */
export function lookAtPerson(userId: string): Operation {
  return {
    query: 'query AtPerson($id: ID!) { user(id: $id) { displayName } }',
    variables: { id: userId },
    read: (data) => shownBy((data as { user: Person }).user),
  };
}

/** Shows nothing that changes here. */
export function lookAtCatalogue(): Operation {
  return {
    query: '{ courses(first: 3) { edges { node { title } } } }',
    variables: {},
    read(data) {
      if ((data as { courses: { edges: unknown[] } }).courses.edges.length === 0) throw new Error('no course is shown');
      return {};
    },
  };
}

export function oneOf<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)]!;
}

function shownBy({ displayName }: Person): Pick<State, 'edition'> {
  return { edition: editionOf(displayName) };
}
