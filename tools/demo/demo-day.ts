/**
 * Gives the demo learner a first day, through the graph itself: an enrolment, a completed lesson, a summary by the model.
 *
 * Idempotent, so that the launcher may run it at each start: the board's query then has something to show.
 */
import { demoAccounts, demoPassword } from '@lyceum/database';
import { type GraphClient, signIn } from './graph-client.ts';

interface FirstCourse {
  courses: { edges: { node: { id: string; lessons: { edges: { node: { id: string } }[] } } }[] };
}

export async function prepareDemoDay(gatewayUrl: string): Promise<{ token: string }> {
  const learner = await signIn(gatewayUrl, demoAccounts.learner.email, demoPassword);
  const { courses } = await learner.request<FirstCourse>(
    '{ courses(first: 1, sort: TITLE) { edges { node { id lessons(first: 1) { edges { node { id } } } } } } }',
  );
  const course = courses.edges[0]?.node;
  const lesson = course?.lessons.edges[0]?.node;
  if (!course || !lesson) return { token: learner.token };
  await enroll(learner, course.id);
  await learner.request('mutation Complete($id: ID!) { completeLesson(lessonId: $id) { percentage } }', {
    id: lesson.id,
  });
  await learner.request(
    `mutation Summarize($input: SummarizeLessonInput!) { summarizeLesson(input: $input) { __typename } }`,
    { input: { lessonId: lesson.id, maxSentences: 2, idempotencyKey: 'demo-day' } },
  );
  return { token: learner.token };
}

/** A course published a moment ago reaches the progress domain by an event: wait for it, at most 10 s. */
async function enroll(learner: GraphClient, courseId: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const { enroll: result } = await learner.request<{ enroll: { __typename: string } }>(
      'mutation Enroll($id: ID!) { enroll(courseId: $id) { __typename } }',
      { id: courseId },
    );
    if (result.__typename === 'Enrollment') return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('The course of the demo did not reach the progress domain within 10 s.');
}
