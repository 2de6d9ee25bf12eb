import { expect, test } from 'vitest';
import { createMailbox } from './mailbox.ts';

function setting(size: number) {
  const leaving = new AbortController();
  const seen = { stops: 0, put: (_key: string, _value: number) => {} };
  const mailbox = createMailbox<number>({
    size,
    signal: leaving.signal,
    fill: (put) => {
      seen.put = put;
      return () => {
        seen.stops += 1;
      };
    },
  });
  return { leaving, mailbox, seen };
}

test('of each key the newest is kept, and of too many the oldest is dropped', async () => {
  const { mailbox, seen } = setting(2);
  seen.put('a', 1);
  seen.put('b', 2);
  seen.put('a', 3);
  seen.put('c', 4);
  expect([(await mailbox.next()).value, (await mailbox.next()).value]).toEqual([3, 4]);
});

test('who waits gets what comes', async () => {
  const { mailbox, seen } = setting(2);
  const next = mailbox.next();
  seen.put('a', 1);
  expect(await next).toEqual({ done: false, value: 1 });
});

test('it stops being filled once, also while somebody waits, and keeps nothing', async () => {
  const { leaving, mailbox, seen } = setting(2);
  const next = mailbox.next();
  leaving.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  await mailbox.return?.();
  expect(await mailbox.next()).toEqual({ done: true, value: undefined });
  expect(seen.stops).toBe(1);
});
