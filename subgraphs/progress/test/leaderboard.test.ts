/**
 * Leaderboards: points counted once, one board of all shards, and Redis as a copy that may be lost.
 */
import { type EventEnvelope, type PayloadOf, PointsAwarded } from '@lyceum/contracts';
import { newId } from '@lyceum/database';
import { publishEnvelope } from '@lyceum/service-kit';
import { eventually, type FixedClock, fixedClock, type GraphClient, sql } from '@lyceum/testing';
import { describe, expect, it } from 'vitest';
import { createBoards } from '../src/leaderboard/boards.ts';
import { pointsOf, scoreOf } from '../src/leaderboard/points.ts';
import { choice, type Learner, number, type Outline, openProgress, outlineOf, type Progress } from './progress.ts';

const enroll = 'mutation ($id: ID!) { enroll(courseId: $id) { __typename } }';
const complete = 'mutation ($id: ID!) { completeLesson(lessonId: $id) { percentage } }';
const answer = 'mutation ($input: AnswerProblemInput!) { answerProblem(input: $input) { attempt { correct } } }';
const board = `query ($id: ID!, $window: LeaderboardWindow! = WEEKLY, $first: Int! = 10, $neighbours: Int! = 2) {
  _entities(representations: [{ __typename: "Course", id: $id }]) {
    ... on Course {
      leaderboard(window: $window, first: $first) {
        course { id } window since
        entries { rank points learner { id } }
      }
      viewerStanding(window: $window, neighbours: $neighbours) {
        rank points
        neighbours { rank points learner { id } }
      }
    }
  }
}`;

interface Entry {
  readonly rank: number;
  readonly points: number;
  readonly learner: { readonly id: string };
}
interface Read {
  readonly leaderboard: { readonly window: string; readonly since: string | null; readonly entries: Entry[] };
  readonly viewerStanding: { readonly rank: number; readonly points: number; readonly neighbours: Entry[] } | null;
}

async function read(reader: GraphClient, { courseId }: Outline, variables: object = {}): Promise<Read> {
  return (await reader.query<{ _entities: [Read] }>(board, { id: courseId, ...variables }))._entities[0];
}
const places = (entries: readonly Entry[]) => entries.map(({ rank, points, learner }) => [rank, points, learner.id]);

/** Enrols and completes the first `lessons` lessons, a minute each. */
async function study(learner: Learner, outline: Outline, lessons: number, clock?: FixedClock): Promise<void> {
  await learner.query(enroll, { id: outline.courseId });
  for (const { lessonId } of outline.lessons.slice(0, lessons)) {
    clock?.advance(60_000);
    await learner.query(complete, { id: lessonId });
  }
}

/** Whom Redis holds on a board, the best first; null unless it is marked as complete. */
async function inRedis({ redis, keys }: Progress, { courseId }: Outline, period: string): Promise<string[] | null> {
  const key = keys.leaderboard(courseId, period);
  if ((await redis.zscore(key, 'complete')) === null) return null;
  return (await redis.zrange(key, '+inf', '0', 'BYSCORE', 'REV')) as string[];
}

describe('one board', () => {
  it('learners of both shards stand on one board in order, and of equals who was first stands above', async () => {
    const clock = fixedClock('2026-11-21T08:00:00Z');
    await using progress = await openProgress({ clock, consuming: true });
    const outline = outlineOf(5);
    await progress.publish(outline);
    const [one, two, three, four] = [
      await progress.learner('s1'),
      await progress.learner('s2'),
      await progress.learner('s1'),
      await progress.learner('s2'),
    ];
    await study(two, outline, 2, clock);
    await study(one, outline, 1, clock);
    await study(four, outline, 1, clock);
    // The whole course: five lessons and the course itself.
    await study(three, outline, 5, clock);
    const order = [
      [1, 100, three.id],
      [2, 20, two.id],
      [3, 10, one.id],
      [4, 10, four.id],
    ];
    const anonymous = await progress.anonymous();
    // From Postgres, as Redis has heard of nothing yet, and then from Redis, which has been filled from Postgres.
    await progress.tenant.replicasCaughtUp();
    const { leaderboard } = await read(anonymous, outline);
    expect(leaderboard).toMatchObject({ course: { id: outline.courseId }, window: 'WEEKLY', since: '2026-11-16' });
    expect(places(leaderboard.entries)).toEqual(order);
    await eventually(async () => expect(await inRedis(progress, outline, '2026-W47')).toHaveLength(4));
    expect(places((await read(anonymous, outline)).leaderboard.entries)).toEqual(order);
    expect(places((await read(anonymous, outline, { first: 2 })).leaderboard.entries)).toEqual(order.slice(0, 2));

    // What happens later reaches Redis through the log.
    await study(four, outline, 3, clock);
    await progress.relay();
    await eventually(async () =>
      expect(places((await read(anonymous, outline)).leaderboard.entries)).toEqual([
        [1, 100, three.id],
        [2, 30, four.id],
        [3, 20, two.id],
        [4, 10, one.id],
      ]),
    );
  });

  it('a day and a week end, all time does not', async () => {
    const clock = fixedClock('2026-11-21T08:00:00Z');
    await using progress = await openProgress({ clock });
    const outline = outlineOf(9);
    await progress.publish(outline);
    const learner = await progress.learner();
    await study(learner, outline, 1, clock);
    clock.set('2026-11-22T08:00:00Z');
    await study(learner, outline, 2, clock);
    const pointsIn = async (window: string) => {
      const { leaderboard, viewerStanding } = await read(learner, outline, { window });
      expect(leaderboard.entries.map(({ points }) => points)).toEqual(viewerStanding ? [viewerStanding.points] : []);
      return [leaderboard.since, viewerStanding?.points ?? null];
    };
    expect(await pointsIn('DAILY')).toEqual(['2026-11-22', 10]);
    expect(await pointsIn('WEEKLY')).toEqual(['2026-11-16', 20]);
    expect(await pointsIn('ALL_TIME')).toEqual([null, 20]);
    clock.set('2026-11-23T00:00:00Z');
    expect(await pointsIn('DAILY')).toEqual(['2026-11-23', null]);
    expect(await pointsIn('WEEKLY')).toEqual(['2026-11-23', null]);
    expect(await pointsIn('ALL_TIME')).toEqual([null, 20]);
  });

  it('an argument out of bounds is named', async () => {
    await using progress = await openProgress();
    const learner = await progress.learner();
    const outline = outlineOf(1);
    for (const [variables, argument] of [
      [{ first: 101 }, 'first'],
      [{ first: 0 }, 'first'],
      [{ neighbours: 21 }, 'neighbours'],
      [{ neighbours: -1 }, 'neighbours'],
    ] as const) {
      const { errors } = await learner.request(board, { id: outline.courseId, ...variables });
      expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', details: { argument } });
    }
  });
});

describe('points', () => {
  it('a problem earns points for its first right answer only, a lesson only once', async () => {
    await using progress = await openProgress();
    const outline = outlineOf(3, [number]);
    await progress.publish(outline);
    const learner = await progress.learner();
    await study(learner, outline, 1);
    const { problemId } = outline.lessons[0]!.problems[0]!;
    const points = async () => (await read(learner, outline)).viewerStanding?.points;
    expect(await points()).toBe(10);
    for (const [response, expected] of [
      ['1', 10],
      ['42', 15],
      ['42', 15],
      ['1', 15],
      ['42', 15],
    ] as const) {
      await learner.query(answer, { input: { problemId, response } });
      expect(await points()).toBe(expected);
    }
    await learner.query(complete, { id: outline.lessons[0]!.lessonId });
    expect(await points()).toBe(15);
  });

  it('points counted anew from what was done are those that were recorded', async () => {
    const clock = fixedClock('2026-11-21T08:00:00Z');
    await using progress = await openProgress({ clock });
    const [outline, other] = [outlineOf(2, [number, choice]), outlineOf(4)];
    for (const each of [outline, other]) await progress.publish(each);
    for (const lessons of [1, 2]) {
      const learner = await progress.learner();
      await study(learner, outline, lessons, clock);
      await study(learner, other, lessons + 1, clock);
      clock.advance(24 * 60 * 60 * 1000);
      for (const response of ['1', '42', '42.1']) {
        await learner.query(answer, { input: { problemId: outline.lessons[0]!.problems[0]!.problemId, response } });
      }
      const { problemId } = outline.lessons[1]!.problems[0]!;
      await learner.query(answer, { input: { problemId, choiceIds: ['a', 'c'] } });
    }
    const url = progress.tenant.databaseUrl('progress', 's1');
    const rows = () => sql(url, 'SELECT * FROM course_points ORDER BY learner_id, course_id, period');
    const recorded = await rows();
    expect(recorded.length).toBeGreaterThan(10);
    await sql(url, 'DELETE FROM course_points WHERE points < 20');
    await sql(url, 'SELECT count_course_points(array_agg(learner_id)) FROM enrollment');
    expect(await rows()).toEqual(recorded);
  });

  it('an event that is delivered twice, or after a later one, counts once', async () => {
    await using progress = await openProgress({ consuming: true });
    const outline = outlineOf(1);
    const learnerId = newId(11);
    const total = (points: number, reachedAt: string): EventEnvelope<PayloadOf<typeof PointsAwarded>> => {
      const { name, version } = PointsAwarded;
      const payload = { learnerId, courseId: outline.courseId, reachedAt, totals: [{ period: 'all', points }] };
      return { id: newId(0), name, version, key: learnerId, occurredAt: reachedAt, positions: {}, payload };
    };
    const early = total(10, '2026-11-21T08:00:00.000Z');
    const late = total(20, '2026-11-21T09:00:00.000Z');
    const last = { ...total(5, '2026-11-21T09:00:00.000Z'), payload: { ...early.payload, learnerId: newId(12) } };
    for (const envelope of [early, early, late, early, late, last]) {
      await publishEnvelope(progress.redis, progress.keys, envelope, 'log');
    }
    const key = progress.keys.leaderboard(outline.courseId, 'all');
    // The log is read in order: once the last is there, the others have been handled.
    await eventually(async () => expect(await progress.redis.zcard(key)).toBe(2));
    expect(pointsOf(Number(await progress.redis.zscore(key, learnerId)))).toBe(20);
  });
});

describe('the viewer', () => {
  it('viewerStanding shows my rank and neighbours, right after what I did', async () => {
    const clock = fixedClock('2026-11-21T08:00:00Z');
    await using progress = await openProgress({ clock });
    const outline = outlineOf(9);
    await progress.publish(outline);
    const learners: Learner[] = [];
    for (const lessons of [6, 5, 4, 3, 2]) {
      const learner = await progress.learner(lessons % 2 === 0 ? 's1' : 's2');
      await study(learner, outline, lessons, clock);
      learners.push(learner);
    }
    await progress.tenant.replicasCaughtUp();
    const me = learners[3]!;
    const ids = learners.map(({ id }) => id);
    const standing = { rank: 4, points: 30 };
    const around = [
      [3, 40, ids[2]],
      [4, 30, ids[3]],
      [5, 20, ids[4]],
    ];
    const check = async () => {
      const { viewerStanding } = await read(me, outline, { neighbours: 1 });
      expect(viewerStanding).toMatchObject(standing);
      expect(places(viewerStanding!.neighbours)).toEqual(around);
      const wide = (await read(me, outline, { neighbours: 20 })).viewerStanding!;
      expect(places(wide.neighbours).map(([rank]) => rank)).toEqual([1, 2, 3, 4, 5]);
      const alone = (await read(me, outline, { neighbours: 0 })).viewerStanding!;
      expect(places(alone.neighbours)).toEqual([around[1]]);
    };
    await check();
    await eventually(async () => expect(await inRedis(progress, outline, '2026-W47')).toHaveLength(5));
    await check();

    // No relay runs: what I did is known all the same.
    await study(me, outline, 7, clock);
    const { viewerStanding } = await read(me, outline);
    expect(viewerStanding).toMatchObject({ rank: 1, points: 70 });
    const stranger = await progress.learner();
    expect((await read(stranger, outline)).viewerStanding).toBeNull();
    expect((await read(await progress.anonymous(), outline)).viewerStanding).toBeNull();
  });
});

describe('Redis as a copy', () => {
  it('a leaderboard survives Redis losing it', async () => {
    await using progress = await openProgress({ consuming: true });
    const outline = outlineOf(4);
    await progress.publish(outline);
    const learners = [await progress.learner('s1'), await progress.learner('s2')];
    for (const [index, learner] of learners.entries()) await study(learner, outline, index + 1);
    await progress.relay();
    await progress.tenant.replicasCaughtUp();
    const [first, second] = learners;
    const all = async (window: string) => places((await read(first!, outline, { window })).leaderboard.entries);
    const order = [
      [1, 20, second!.id],
      [2, 10, first!.id],
    ];
    const windows = ['DAILY', 'WEEKLY', 'ALL_TIME'];
    const complete = async () => {
      for (const window of windows) expect(await all(window)).toEqual(order);
      for (const key of await boardKeys(progress)) {
        expect(await progress.redis.zscore(key, 'complete')).toBe('-1');
        expect(await progress.redis.ttl(key)).toBeGreaterThan(0);
      }
      expect(await boardKeys(progress)).toHaveLength(windows.length);
    };
    await eventually(complete);
    await progress.redis.del(...(await boardKeys(progress)));
    for (const window of windows) expect(await all(window)).toEqual(order);
    await eventually(complete);

    // Points that come while the board is gone are no whole board: it is not shown before it was filled.
    await progress.redis.del(...(await boardKeys(progress)));
    await study(first!, outline, 3);
    await progress.relay();
    await eventually(async () => expect(await boardKeys(progress)).toHaveLength(windows.length));
    await progress.tenant.replicasCaughtUp();
    expect(await all('WEEKLY')).toEqual([
      [1, 30, first!.id],
      [2, 20, second!.id],
    ]);
  });

  it('a board that is lost half filled is not taken for a whole one, and points that come meanwhile stay', async () => {
    await using progress = await openProgress();
    const boards = createBoards(progress.redis, progress.keys);
    const board = { courseId: newId(7), period: 'all' };
    const [one, two] = [newId(11), newId(12)];
    const early = scoreOf(10, new Date('2026-11-21T08:00:00Z'));
    const late = scoreOf(20, new Date('2026-11-21T09:00:00Z'));

    const doomed = await boards.beginFilling(board, 'doomed');
    expect(await doomed.add([{ learnerId: one, score: early }])).toBe(true);
    await progress.redis.del(progress.keys.leaderboard(board.courseId, board.period));
    expect(await doomed.add([{ learnerId: two, score: early }])).toBe(false);
    expect(await doomed.finish()).toBe(false);
    expect(await boards.top(board, 10)).toBeNull();

    const filling = await boards.beginFilling(board, 'another');
    await boards.raise(board.courseId, one, [{ period: board.period, score: late }]);
    await filling.add([one, two].map((learnerId) => ({ learnerId, score: early })));
    expect(await boards.top(board, 10)).toBeNull();
    expect(await filling.finish()).toBe(true);
    expect(await boards.top(board, 10)).toEqual([
      { learnerId: one, score: late },
      { learnerId: two, score: early },
    ]);
  });

  it('a board is read from Postgres while Redis is of no use', async () => {
    await using progress = await openProgress();
    const outline = outlineOf(3);
    await progress.publish(outline);
    const learner = await progress.learner('s2');
    await study(learner, outline, 2);
    progress.redis.disconnect();
    const { leaderboard, viewerStanding } = await read(learner, outline);
    expect(places(leaderboard.entries)).toEqual([[1, 20, learner.id]]);
    expect(viewerStanding).toMatchObject({ rank: 1, points: 20 });
  });
});

const boardKeys = ({ redis, keys }: Progress) => redis.keys(`${keys.prefix}:leaderboard:*`);
