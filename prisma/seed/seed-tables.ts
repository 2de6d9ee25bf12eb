/**
 * Writes planned learners into the tables of one shard. Learners that are there already stay as they are.
 */
import { type Column, insertMany, type Queryable } from './bulk-insert.ts';
import type { LearnerPlan, PlannedActivity, PlannedAnswer, PlannedEnrollment, PlannedLesson } from './learner-plan.ts';

interface Client extends Queryable {
  query(text: string, values: unknown[]): Promise<{ rows: { id: string }[] }>;
}

type Of<T> = T & { readonly learnerId: string };

const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());
const column = <Row>(name: string, type: string, value: Column<Row>['value']): Column<Row> => ({ name, type, value });

/** Returns how many accounts were made. */
export async function writeUsers(client: Client, plans: readonly LearnerPlan[], passwordHash: string): Promise<number> {
  const known = await knownIds(client, 'SELECT id FROM user_account WHERE id = ANY($1::uuid[])', plans);
  const fresh = plans.filter((plan) => !known.has(plan.id));
  await insertMany(client, 'user_account', USER, fresh);
  const ids = [fresh.map((plan) => plan.id)];
  await client.query(
    `INSERT INTO credential (user_id, password_hash) SELECT id, $2 FROM unnest($1::uuid[]) AS id ON CONFLICT DO NOTHING`,
    [...ids, passwordHash],
  );
  await client.query('INSERT INTO preferences (user_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING', ids);
  return fresh.length;
}

export async function writeDirectory(client: Queryable, plans: readonly LearnerPlan[]): Promise<void> {
  await insertMany(client, 'directory_entry', DIRECTORY, plans);
}

/** Returns how many rows of lesson_progress were made. */
export async function writeProgress(client: Client, plans: readonly LearnerPlan[]): Promise<number> {
  const known = await knownIds(
    client,
    'SELECT learner_id AS id FROM learner_streak WHERE learner_id = ANY($1::uuid[])',
    plans,
  );
  const fresh = plans.filter((plan) => !known.has(plan.id));
  const lessons = all(fresh, (plan) => plan.lessons);
  const answers = all(fresh, (plan) => plan.answers);
  await insertMany(
    client,
    'enrollment',
    ENROLLMENT,
    all(fresh, (plan) => plan.enrollments),
  );
  await insertMany(client, 'lesson_progress', LESSON, lessons);
  await insertMany(client, 'problem_attempt', ATTEMPT, answers);
  await insertMany(client, 'problem_state', STATE, answers);
  await insertMany(
    client,
    'activity',
    ACTIVITY,
    all(fresh, (plan) => plan.activity),
  );
  await insertMany(
    client,
    'learner_streak',
    STREAK,
    all(fresh, (plan) => (plan.streak ? [plan.streak] : [])),
  );
  await client.query('SELECT count_course_points($1::uuid[])', [fresh.map((plan) => plan.id)]);
  return lessons.length;
}

async function knownIds(client: Client, query: string, plans: readonly LearnerPlan[]): Promise<Set<string>> {
  const { rows } = await client.query(query, [plans.map((plan) => plan.id)]);
  return new Set(rows.map((row) => row.id));
}

function all<T>(plans: readonly LearnerPlan[], parts: (plan: LearnerPlan) => readonly T[]): Of<T>[] {
  return plans.flatMap((plan) => parts(plan).map((part) => ({ ...part, learnerId: plan.id })));
}

const USER: Column<LearnerPlan>[] = [
  column('id', 'uuid', (p) => p.id),
  column('email', 'text', (p) => p.email),
  column('display_name', 'text', (p) => p.displayName),
  column('created_at', 'timestamptz', (p) => time(p.signedUpAt)),
  column('updated_at', 'timestamptz', (p) => time(p.signedUpAt)),
];

const DIRECTORY: Column<LearnerPlan>[] = [
  column('kind', 'text', () => 'email'),
  column('value', 'text', (p) => p.email),
  column('owner_id', 'uuid', (p) => p.id),
  column('confirmed_at', 'timestamptz', (p) => time(p.signedUpAt)),
];

const ENROLLMENT: Column<Of<PlannedEnrollment>>[] = [
  column('id', 'uuid', (e) => e.id),
  column('learner_id', 'uuid', (e) => e.learnerId),
  column('course_id', 'uuid', (e) => e.courseId),
  column('status', 'enrollment_status', (e) => e.status),
  column('completed_lessons', 'int', (e) => e.completedLessons),
  column('total_lessons', 'int', (e) => e.totalLessons),
  column('answered_problems', 'int', (e) => e.answeredProblems),
  column('correct_problems', 'int', (e) => e.correctProblems),
  column('total_problems', 'int', (e) => e.totalProblems),
  column('percentage', 'float8', (e) => e.percentage),
  column('revision', 'int', (e) => e.revision),
  column('enrolled_at', 'timestamptz', (e) => time(e.enrolledAt)),
  column('completed_at', 'timestamptz', (e) => time(e.completedAt)),
  column('updated_at', 'timestamptz', (e) => time(e.updatedAt)),
];

const LESSON: Column<Of<PlannedLesson>>[] = [
  column('learner_id', 'uuid', (l) => l.learnerId),
  column('lesson_id', 'uuid', (l) => l.lessonId),
  column('course_id', 'uuid', (l) => l.courseId),
  column('started_at', 'timestamptz', (l) => time(l.startedAt)),
  column('completed_at', 'timestamptz', (l) => time(l.completedAt)),
  column('updated_at', 'timestamptz', (l) => time(l.completedAt ?? l.startedAt)),
];

const ATTEMPT: Column<Of<PlannedAnswer>>[] = [
  column('id', 'uuid', (a) => a.attemptId),
  column('learner_id', 'uuid', (a) => a.learnerId),
  column('problem_id', 'uuid', (a) => a.problemId),
  column('course_id', 'uuid', (a) => a.courseId),
  column('choice_ids', 'text[]', (a) => a.choiceIds),
  column('response', 'text', (a) => a.response),
  column('correct', 'bool', (a) => a.correct),
  column('submitted_at', 'timestamptz', (a) => time(a.at)),
];

const STATE: Column<Of<PlannedAnswer>>[] = [
  column('learner_id', 'uuid', (a) => a.learnerId),
  column('problem_id', 'uuid', (a) => a.problemId),
  column('course_id', 'uuid', (a) => a.courseId),
  column('correct', 'bool', (a) => a.correct),
  column('answered_at', 'timestamptz', (a) => time(a.at)),
];

const ACTIVITY: Column<Of<PlannedActivity>>[] = [
  column('id', 'uuid', (a) => a.id),
  column('learner_id', 'uuid', (a) => a.learnerId),
  column('kind', 'activity_kind', (a) => a.kind),
  column('course_id', 'uuid', (a) => a.courseId),
  column('lesson_id', 'uuid', (a) => a.lessonId),
  column('occurred_at', 'timestamptz', (a) => time(a.at)),
];

const STREAK: Column<Of<NonNullable<LearnerPlan['streak']>>>[] = [
  column('learner_id', 'uuid', (s) => s.learnerId),
  column('current_days', 'int', (s) => s.currentDays),
  column('longest_days', 'int', (s) => s.longestDays),
  column('last_active_on', 'date', (s) => s.lastActiveOn),
];
