/**
 * Signing up and signing in, on two shards with replicas.
 */
import { bucketOf, newId } from '@lyceum/database';
import { cuttable, laggingReplica, sql, stackCoordinates } from '@lyceum/testing';
import { describe, expect, it } from 'vitest';
import { openUsers, password, type Users, viewerOf } from './users.ts';

const peopleOn = async (users: Users, shard: string) =>
  (await sql<{ id: string }>(users.databaseUrl(shard), 'SELECT id FROM user_account')).map(({ id }) => id);

describe('signing up', () => {
  it('concurrent sign-ups with one e-mail address: exactly one wins', async () => {
    await using users = await openUsers();
    const spellings = ['ada@lyceum.test', 'Ada@Lyceum.test', ' ada@lyceum.test ', 'ADA@LYCEUM.TEST'];
    const outcomes = await Promise.all([...spellings, ...spellings].map((email) => users.signUp(email)));
    const winners = outcomes.filter(({ __typename }) => __typename === 'Session');
    expect(winners).toHaveLength(1);
    expect(new Set(outcomes.map(({ __typename }) => __typename))).toEqual(new Set(['Session', 'EmailTaken']));
    const ids = [...(await peopleOn(users, 's1')), ...(await peopleOn(users, 's2'))];
    expect(ids).toEqual([viewerOf(winners[0]!).id]);
  });

  it('a new learner reads the own profile at once although the replica lags', async () => {
    await using users = await openUsers();
    await using _first = await laggingReplica('s1');
    await using _second = await laggingReplica('s2');
    for (const name of ['Ada', 'Grace', 'Edsger', 'Barbara']) {
      const learner = await users.as(await users.learner(name));
      expect(
        await learner.query('{ viewer { displayName preferences { locale timeZone theme weeklyEmail } } }'),
      ).toEqual({
        viewer: {
          displayName: name,
          preferences: { locale: 'en', timeZone: 'UTC', theme: 'SYSTEM', weeklyEmail: false },
        },
      });
    }
  });

  it('answers with the e-mail address and roles of the person who has just signed up', async () => {
    await using users = await openUsers();
    const outcome = await users.signUp('Ada@Lyceum.test');
    expect(outcome).toMatchObject({ user: { email: 'ada@lyceum.test', roles: ['LEARNER'] } });
  });

  it('learners are spread over both shards', async () => {
    await using users = await openUsers();
    // 40 even coins all on one side: once in 5 · 10¹¹ runs.
    for (let index = 0; index < 40; index += 1) await users.signUp(`learner${index}@lyceum.test`);
    const [first, second] = [await peopleOn(users, 's1'), await peopleOn(users, 's2')];
    expect(first.length + second.length).toBe(40);
    expect(first.length).toBeGreaterThan(0);
    expect(second.length).toBeGreaterThan(0);
    expect(first.every((id) => bucketOf(id) < 2_048)).toBe(true);
    expect(second.every((id) => bucketOf(id) >= 2_048)).toBe(true);
  });

  it('with an address or a name that cannot be is refused and makes no account', async () => {
    await using users = await openUsers();
    await expect(users.signUp('not an address')).rejects.toThrow('BAD_USER_INPUT: email: is not an e-mail address');
    await expect(users.signUp('ada@lyceum.test', ' ')).rejects.toThrow('displayName: must have 1–80 characters');
    expect([...(await peopleOn(users, 's1')), ...(await peopleOn(users, 's2'))]).toEqual([]);
  });
});

describe('a sign-up that fails half-way', () => {
  it('gives the e-mail address back', async () => {
    await using users = await openUsers();
    for (const shard of ['s1', 's2']) {
      const stranger = `INSERT INTO user_account (id, email, display_name) VALUES ($1, 'ada@lyceum.test', 'Stranger')`;
      await sql(users.databaseUrl(shard), stranger, [newId(shard === 's1' ? 0 : 4_095)]);
    }
    await expect(users.signUp('ada@lyceum.test')).rejects.toThrow('INTERNAL');
    for (const shard of ['s1', 's2']) await sql(users.databaseUrl(shard), 'DELETE FROM user_account');
    expect((await users.signUp('ada@lyceum.test')).__typename).toBe('Session');
  });
});

describe('signing in', () => {
  it('gives a session of the same person, whatever the case of the address', async () => {
    await using users = await openUsers();
    const ada = await users.learner('Ada');
    const session = viewerOf(await users.signIn('ADA@lyceum.test', password));
    expect(session.id).toBe(ada.id);
    expect(session.sessionId).not.toBe(ada.sessionId);
  });

  it('a wrong password and an unknown e-mail answer alike', async () => {
    await using users = await openUsers();
    await users.learner('Ada');
    const wrongPassword = await users.signIn('ada@lyceum.test', 'battery staple');
    expect(wrongPassword.__typename).toBe('InvalidCredentials');
    expect(await users.signIn('nobody@lyceum.test', 'battery staple')).toEqual(wrongPassword);
    expect(await users.signIn('not an address \u0000', 'battery staple')).toEqual(wrongPassword);
  });

  it('is refused after ten failures, for a known address as for an unknown one', async () => {
    await using users = await openUsers();
    await users.learner('Ada');
    for (const email of ['ada@lyceum.test', 'nobody@lyceum.test']) {
      for (let failure = 0; failure < 10; failure += 1) {
        expect((await users.signIn(email, 'battery staple')).__typename).toBe('InvalidCredentials');
      }
      await expect(users.signIn(email, password)).rejects.toThrow('RATE_LIMITED');
    }
  });

  it('forgets failures once it succeeds', async () => {
    await using users = await openUsers();
    await users.learner('Ada');
    for (const round of [1, 2]) {
      for (let failure = 0; failure < 9; failure += 1) await users.signIn('ada@lyceum.test', `battery ${round}`);
      expect((await users.signIn('ada@lyceum.test', password)).__typename).toBe('Session');
    }
  });

  it('says SERVICE_UNAVAILABLE while Redis is away, and reads go on', async () => {
    await using line = await cuttable(stackCoordinates().redisUrl);
    await using users = await openUsers({ REDIS_URL: line.url });
    const ada = await users.learner('Ada');
    await line.cut();
    await expect(users.signIn('ada@lyceum.test', password)).rejects.toThrow('SERVICE_UNAVAILABLE');
    await expect(users.signIn('ada@lyceum.test', 'battery staple')).rejects.toThrow('SERVICE_UNAVAILABLE');
    await expect(users.signUp('grace@lyceum.test')).rejects.toThrow('SERVICE_UNAVAILABLE');
    const learner = await users.as(ada);
    expect(await learner.query('{ viewer { displayName } }')).toEqual({ viewer: { displayName: 'Ada' } });
    expect([...(await peopleOn(users, 's1')), ...(await peopleOn(users, 's2'))]).toEqual([ada.id]);
  });
});
