import { expect, test } from 'vitest';
import { Replica } from './replica.ts';

function controlled() {
  const state = { replayed: '0/1', now: 0, away: false };
  const replica = new Replica({
    now: () => state.now,
    maxLagMs: 10_000,
    ask: async () => {
      if (state.away) throw new Error('away');
      return { replayed: state.replayed, version: 1 };
    },
  });
  return { state, replica };
}

test('a replica serves nothing before its first good answer', async () => {
  const { replica } = controlled();
  expect(replica.healthy).toBe(false);
  await replica.tick('00000000/00000001');
  expect(replica.healthy).toBe(true);
});

test('a replica of an idle primary does not lag, however long nothing happens', async () => {
  const { replica, state } = controlled();
  for (state.now = 0; state.now < 100_000; state.now += 1_000) await replica.tick('00000000/00000001');
  expect(replica.lagMs).toBe(0);
  expect(replica.healthy).toBe(true);
});

test('a replica that stands still while the primary goes on is out of use after the bound, and back once it caught up', async () => {
  const { replica, state } = controlled();
  await replica.tick('00000000/00000001');
  for (let second = 1; second <= 11; second += 1) {
    state.now = second * 1_000;
    await replica.tick(`00000000/0000000${(second + 1).toString(16).toUpperCase()}`);
    expect(replica.healthy).toBe(second <= 10);
  }
  state.replayed = '0/F';
  state.now += 1_000;
  await replica.tick('00000000/0000000F');
  expect(replica.lagMs).toBe(0);
  expect(replica.healthy).toBe(true);
});

test('a replica whose lag outlasts what is remembered stays out of use', async () => {
  const { replica, state } = controlled();
  for (let second = 1; second <= 100; second += 1) {
    state.now = second * 1_000;
    await replica.tick(`00000000/${(second + 1).toString(16).toUpperCase().padStart(8, '0')}`);
  }
  expect(replica.healthy).toBe(false);
});

test('the replica that is furthest of those a dead primary left is in use, whatever the primary had beyond it', async () => {
  const { replica, state } = controlled();
  await replica.tick('00000000/00000002');
  for (state.now = 1_000; state.now < 60_000; state.now += 1_000) await replica.tick(replica.replayed);
  expect(replica.healthy).toBe(true);
});

test('a replica that lacks what another one has of a dead primary is out of use after the bound', async () => {
  const { replica, state } = controlled();
  await replica.tick('00000000/00000001');
  for (let second = 1; second <= 120; second += 1) {
    state.now = second * 1_000;
    await replica.tick('00000000/00000002');
    expect(replica.healthy, `after ${second} s`).toBe(second <= 10);
  }
});

test('a replica that fails again soon after it came back stays out for a while', async () => {
  const { replica, state } = controlled();
  await replica.tick('00000000/00000001');
  replica.fault();
  await replica.tick('00000000/00000001');
  expect(replica.healthy).toBe(true);
  replica.fault();
  await replica.tick('00000000/00000001');
  expect(replica.healthy).toBe(false);
  state.now = 1_000;
  await replica.tick('00000000/00000001');
  expect(replica.healthy).toBe(true);
});

test('a replica that does not answer is out of use until it does', async () => {
  const { replica, state } = controlled();
  await replica.tick('00000000/00000001');
  state.away = true;
  await replica.tick('00000000/00000001');
  expect(replica.healthy).toBe(false);
  expect(await replica.reaches('00000000/00000002', 1, 0)).toBe(false);
  state.away = false;
  await replica.tick('00000000/00000001');
  expect(replica.healthy).toBe(true);
});

test('a position that was seen replayed is not asked for again', async () => {
  const { replica, state } = controlled();
  state.replayed = '0/5';
  expect(await replica.reaches('00000000/00000005', 1, 0)).toBe(true);
  state.away = true;
  expect(await replica.reaches('00000000/00000004', 1, 0)).toBe(true);
});
