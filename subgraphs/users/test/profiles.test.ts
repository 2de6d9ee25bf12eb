/**
 * Profiles and settings: what is public, what is private, and how they change.
 */
import { describe, expect, it } from 'vitest';
import { administrator, openUsers } from './users.ts';

const allOf = (id: string) => `{
  user(id: "${id}") {
    id displayName bio isInstructor email roles preferences { locale timeZone theme weeklyEmail }
  }
}`;
const preferences = { locale: 'en', timeZone: 'UTC', theme: 'SYSTEM', weeklyEmail: false };

describe('a profile', () => {
  it('another learner sees neither e-mail nor preferences', async () => {
    await using users = await openUsers();
    const [ada, grace] = [await users.learner('Ada'), await users.learner('Grace')];
    await users.replicasCaughtUp();
    const shown = { id: ada.id, displayName: 'Ada', bio: null, isInstructor: false };
    const hidden = { email: null, roles: null, preferences: null };
    const own = { email: 'ada@lyceum.test', roles: ['LEARNER'] };
    const seenBy = async (viewer: Parameters<typeof users.as>[0]) => (await users.as(viewer)).query(allOf(ada.id));
    expect(await seenBy(grace)).toEqual({ user: { ...shown, ...hidden } });
    expect(await seenBy(null)).toEqual({ user: { ...shown, ...hidden } });
    expect(await seenBy(ada)).toEqual({ user: { ...shown, ...own, preferences } });
    expect(await seenBy(administrator)).toEqual({ user: { ...shown, ...own, preferences: null } });
  });

  it('of nobody is null, and so is that of a text that is no id', async () => {
    await using users = await openUsers();
    const anonymous = await users.as(null);
    expect(await anonymous.query('{ viewer { id } }')).toEqual({ viewer: null });
    expect(await anonymous.query(allOf('01900000-0000-7000-8000-000000000000'))).toEqual({ user: null });
    expect(await anonymous.query(allOf('nobody'))).toEqual({ user: null });
  });

  it('changes in the fields that are given, and an empty bio is removed', async () => {
    await using users = await openUsers();
    const ada = await users.as(await users.learner('Ada'));
    const update = (input: string) => ada.query(`mutation { updateProfile(input: ${input}) { displayName bio } }`);
    expect(await update('{ bio: " Counts. " }')).toEqual({ updateProfile: { displayName: 'Ada', bio: 'Counts.' } });
    expect(await update('{ displayName: "Ada L." }')).toEqual({
      updateProfile: { displayName: 'Ada L.', bio: 'Counts.' },
    });
    expect(await update('{ bio: "" }')).toEqual({ updateProfile: { displayName: 'Ada L.', bio: null } });
    await expect(update(`{ bio: "${'x'.repeat(2_001)}" }`)).rejects.toThrow('bio: must have at most 2,000 characters');
    expect(await ada.query('{ viewer { displayName bio } }')).toEqual({ viewer: { displayName: 'Ada L.', bio: null } });
  });

  it('is changed by nobody who is not signed in', async () => {
    await using users = await openUsers();
    const anonymous = await users.as(null);
    await expect(anonymous.query('mutation { updateProfile(input: {}) { id } }')).rejects.toThrow('UNAUTHENTICATED');
    await expect(anonymous.query('mutation { updatePreferences(input: {}) { theme } }')).rejects.toThrow(
      'UNAUTHENTICATED',
    );
  });

  it('is found for many references with one query per shard', async () => {
    await using users = await openUsers();
    const ids: string[] = [];
    for (let index = 0; index < 20; index += 1) ids.push((await users.learner(`Learner${index}`)).id);
    await users.replicasCaughtUp();
    const reads = async () => {
      const metric = await users.resources.metrics.registry.getSingleMetric('lyceum_database_reads_total')?.get();
      return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
    };
    const before = await reads();
    const representations = ids.map((id) => ({ __typename: 'User', id }));
    const anonymous = await users.as(null);
    const { _entities } = await anonymous.query<{ _entities: { id: string; displayName: string }[] }>(
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { id displayName } } }',
      { representations },
    );
    expect(_entities).toEqual(ids.map((id, index) => ({ id, displayName: `Learner${index}` })));
    expect((await reads()) - before).toBe(2);
  });
});

describe('settings', () => {
  it('change in the fields that are given, in the form that everybody knows', async () => {
    await using users = await openUsers();
    const ada = await users.as(await users.learner('Ada'));
    const update = (input: string) =>
      ada.query(`mutation { updatePreferences(input: ${input}) { locale timeZone theme weeklyEmail } }`);
    expect(await update('{ locale: "pt-br", timeZone: "europe/lisbon" }')).toEqual({
      updatePreferences: { ...preferences, locale: 'pt-BR', timeZone: 'Europe/Lisbon' },
    });
    await update('{ theme: DARK, weeklyEmail: true }');
    expect(await ada.query('{ viewer { preferences { locale timeZone theme weeklyEmail } } }')).toEqual({
      viewer: { preferences: { locale: 'pt-BR', timeZone: 'Europe/Lisbon', theme: 'DARK', weeklyEmail: true } },
    });
    await expect(update('{ timeZone: "Mars/Olympus" }')).rejects.toThrow('timeZone: is not an IANA time zone');
  });
});
