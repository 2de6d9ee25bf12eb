/**
 * The gate in front of costly work.
 */
import { describe, expect, it } from 'vitest';
import { createGate } from './gate.ts';

describe('a gate', () => {
  it('never runs more tasks at a time than it was told, and runs them all', async () => {
    const gate = createGate({ running: 2, waiting: 10 });
    let active = 0;
    let most = 0;
    const task = async (value: number) => {
      active += 1;
      most = Math.max(most, active);
      await new Promise(setImmediate);
      active -= 1;
      return value;
    };
    const results = await Promise.all([1, 2, 3, 4, 5, 6].map((value) => gate.run(() => task(value))));
    expect(results).toEqual([1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
  });

  it('turns newcomers away when too many wait', async () => {
    const gate = createGate({ running: 1, waiting: 1 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = gate.run(() => promise);
    const second = gate.run(async () => 'second');
    await expect(gate.run(async () => 'third')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    resolve();
    await first;
    expect(await second).toBe('second');
  });

  it('gives its place back when a task fails', async () => {
    const gate = createGate({ running: 1, waiting: 1 });
    await expect(gate.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await gate.run(async () => 'next')).toBe('next');
  });
});
