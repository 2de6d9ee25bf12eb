/**
 * Enrolling, leaving, and the lists only the person sees.
 */
import { newId } from '@lyceum/database';
import { fixedClock, sql } from '@lyceum/testing';
import { expect, it } from 'vitest';
import { type Learner, openProgress, outlineOf } from './progress.ts';

const enroll =
  'mutation ($id: ID!) { enroll(courseId: $id) { ... on Enrollment { id status progress { revision } } } }';
const withdraw = 'mutation ($id: ID!) { withdraw(courseId: $id) { id status } }';
const complete = 'mutation ($id: ID!) { completeLesson(lessonId: $id) { percentage } }';
const person = `query ($id: ID!, $first: Int! = 20, $after: String, $status: EnrollmentStatus) {
  _entities(representations: [{ __typename: "User", id: $id }]) {
    ... on User {
      enrollments(first: $first, after: $after, status: $status) {
        edges { node { id status course { id } learner { id } } }
        pageInfo { hasNextPage hasPreviousPage endCursor }
      }
      streak { currentDays longestDays lastActiveOn }
      activity(first: $first, after: $after) {
        edges { node { id kind occurredAt course { id } lesson { id } } }
        pageInfo { hasNextPage hasPreviousPage endCursor }
      }
    }
  }
}`;

interface Page<Node> {
  readonly edges: { readonly node: Node }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly endCursor: string | null;
  };
}
interface Person {
  readonly enrollments: Page<{ id: string; status: string; course: { id: string }; learner: { id: string } }>;
  readonly streak: { currentDays: number; longestDays: number; lastActiveOn: string | null } | null;
  readonly activity: Page<{ id: string; kind: string; occurredAt: string }>;
}

async function read(learner: Pick<Learner, 'query'>, id: string, variables: object = {}): Promise<Person> {
  return (await learner.query<{ _entities: [Person] }>(person, { id, ...variables }))._entities[0];
}

it('enrolling twice, also at the same moment, gives one enrolment, and one event of each kind', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(1);
  await progress.publish(outline);
  const learner = await progress.learner('s2');
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => learner.query(enroll, { id: outline.courseId })));
  outcomes.push(await learner.query(enroll, { id: outline.courseId }));
  expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
  const url = progress.tenant.databaseUrl('progress', 's2');
  expect(await sql(url, 'SELECT name FROM outbox_message ORDER BY seq')).toEqual([
    { name: 'progress.updated' },
    { name: 'course.activity' },
  ]);
  expect(await sql(progress.tenant.databaseUrl('progress', 's1'), 'SELECT id FROM enrollment')).toEqual([]);
});

it('who leaves and comes back goes on in the same enrolment', async () => {
  await using progress = await openProgress();
  const outline = outlineOf(2);
  await progress.publish(outline);
  const learner = await progress.learner();
  await expect(learner.query(withdraw, { id: outline.courseId })).rejects.toThrow('ENROLLMENT_NOT_FOUND');
  const { enroll: first } = await learner.query<{ enroll: { id: string } }>(enroll, { id: outline.courseId });
  await learner.query(complete, { id: outline.lessons[0]!.lessonId });
  const left = { withdraw: { id: first.id, status: 'WITHDRAWN' } };
  expect(await learner.query(withdraw, { id: outline.courseId })).toEqual(left);
  expect(await learner.query(withdraw, { id: outline.courseId })).toEqual(left);
  expect(await learner.query(enroll, { id: outline.courseId })).toEqual({
    enroll: { id: first.id, status: 'ACTIVE', progress: { revision: 3 } },
  });
  expect(await learner.query(complete, { id: outline.lessons[1]!.lessonId })).toEqual({
    completeLesson: { percentage: 100 },
  });
});

it("a learner cannot read another's enrolment, activity or streak", async () => {
  await using progress = await openProgress();
  const outline = outlineOf(1);
  await progress.publish(outline);
  // On one shard, so that nothing but the statements keeps them apart.
  const [owner, other] = [await progress.learner('s1'), await progress.learner('s1')];
  const { enroll: enrollment } = await owner.query<{ enroll: { id: string } }>(enroll, { id: outline.courseId });
  await owner.query(complete, { id: outline.lessons[0]!.lessonId });
  const own = await read(owner, owner.id);
  expect(own.enrollments.edges).toHaveLength(1);
  expect(own.activity.edges).toHaveLength(3);
  expect(own.streak).toMatchObject({ currentDays: 1 });

  const hidden = { enrollments: { edges: [] }, streak: null, activity: { edges: [] } };
  for (const stranger of [other, await progress.anonymous()]) {
    expect(await read(stranger, owner.id)).toMatchObject(hidden);
    const leaks = `query ($id: ID!, $course: ID!, $lesson: ID!) {
      enrollment(id: $id) { id }
      _entities(representations: [
        { __typename: "Enrollment", id: $id }
        { __typename: "Course", id: $course }
        { __typename: "Lesson", id: $lesson }
      ]) {
        ... on Enrollment { status }
        ... on Course { viewerEnrollment { id } progress: viewerProgress { percentage } }
        ... on Lesson { viewerProgress { state } }
      }
    }`;
    const { lessonId } = outline.lessons[0]!;
    expect(await stranger.query(leaks, { id: enrollment.id, course: outline.courseId, lesson: lessonId })).toEqual({
      enrollment: null,
      _entities: [null, { viewerEnrollment: null, progress: null }, { viewerProgress: null }],
    });
  }
  await expect(other.query(withdraw, { id: outline.courseId })).rejects.toThrow('ENROLLMENT_NOT_FOUND');
  await expect(other.query(complete, { id: outline.lessons[0]!.lessonId })).rejects.toThrow('NOT_ENROLLED');
});

it('pages of enrolments and activity join without gap or double, also across months', async () => {
  const clock = fixedClock('2026-10-30T09:00:00Z');
  await using progress = await openProgress({ clock });
  const learner = await progress.learner('s2');
  const courses: string[] = [];
  for (let day = 0; day < 5; day += 1) {
    // Two at the same instant: only the id tells them apart.
    for (const outline of [outlineOf(1), outlineOf(1)]) {
      await progress.publish(outline);
      await learner.query(enroll, { id: outline.courseId });
      courses.push(outline.courseId);
    }
    clock.advance(24 * 60 * 60 * 1000);
  }
  await learner.query(withdraw, { id: courses[0] });
  for (const list of ['enrollments', 'activity'] as const) {
    const whole = (await read(learner, learner.id))[list].edges.map(({ node }) => node.id);
    expect(whole).toHaveLength(10);
    const joined: string[] = [];
    for (let after: string | null = null; ; ) {
      const page: Page<{ id: string }> = (await read(learner, learner.id, { first: 3, after }))[list];
      joined.push(...page.edges.map(({ node }) => node.id));
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    expect(joined).toEqual(whole);
  }
  const days = (await read(learner, learner.id)).activity.edges.map(({ node }) => node.occurredAt);
  expect(days).toEqual(days.toSorted().toReversed());
  const withdrawn = await read(learner, learner.id, { status: 'WITHDRAWN' });
  expect(withdrawn.enrollments.edges.map(({ node }) => node.course.id)).toEqual([courses[0]]);
  await expect(read(learner, learner.id, { first: 101 })).rejects.toThrow('BAD_USER_INPUT');
  await expect(read(learner, learner.id, { after: 'nonsense' })).rejects.toThrow('BAD_USER_INPUT');
});

it('a streak grows day by day, and is over when a day was missed', async () => {
  const clock = fixedClock('2026-11-19T23:59:00Z');
  await using progress = await openProgress({ clock });
  const outline = outlineOf(3);
  await progress.publish(outline);
  const learner = await progress.learner();
  const streak = async () => (await read(learner, learner.id)).streak;
  expect(await streak()).toEqual({ currentDays: 0, longestDays: 0, lastActiveOn: null });
  await learner.query(enroll, { id: outline.courseId });
  await learner.query(complete, { id: outline.lessons[0]!.lessonId });
  expect(await streak()).toEqual({ currentDays: 1, longestDays: 1, lastActiveOn: '2026-11-19' });
  clock.set('2026-11-20T00:01:00Z');
  await learner.query(complete, { id: outline.lessons[1]!.lessonId });
  const two = { currentDays: 2, longestDays: 2, lastActiveOn: '2026-11-20' };
  expect(await streak()).toEqual(two);
  clock.set('2026-11-21T23:00:00Z');
  expect(await streak()).toEqual(two);
  clock.set('2026-11-22T00:00:00Z');
  expect(await streak()).toEqual({ ...two, currentDays: 0 });
});

it("a request without the gateway's signature is refused", async () => {
  await using progress = await openProgress();
  const learner = await progress.learner();
  const asked = { query: '{ enrollment(id: "x") { id } }' };
  const ask = (headers: Record<string, string>) =>
    fetch(`${progress.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(asked),
    });
  for (const claims of [null, 'forged', learner.id]) {
    const response = await ask(claims === null ? {} : { 'lyceum-claims': claims });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'CLAIMS_REQUIRED' } }] });
  }
});

it('an id that is none is not found, and breaks nothing', async () => {
  await using progress = await openProgress();
  const learner = await progress.learner();
  expect(await learner.query('{ enrollment(id: "no id") { id } }')).toEqual({ enrollment: null });
  expect(
    await learner.query(
      '{ _entities(representations: [{ __typename: "Course", id: "\'" }]) { __typename ... on Course { viewerProgress { percentage } } } }',
    ),
  ).toEqual({
    _entities: [{ __typename: 'Course', viewerProgress: null }],
  });
  expect(await learner.query('mutation { enroll(courseId: "no id") { __typename } }')).toEqual({
    enroll: { __typename: 'CourseNotAvailable' },
  });
  await expect(learner.query(withdraw, { id: newId(3) })).rejects.toThrow('ENROLLMENT_NOT_FOUND');
});
