import { expect, test } from 'vitest';
import { type Child, Supervisor } from './supervisor.ts';

/** A child in memory, whose end the test decides. */
function fakeChild(
  name: string,
  log: string[],
): Child & { end(how: string): void; starts: number; failStarts: number } {
  let finish: (how: string) => void = () => {};
  let ended = new Promise<string>(() => {});
  return {
    name,
    starts: 0,
    failStarts: 0,
    async start() {
      this.starts += 1;
      if (this.failStarts > 0) {
        this.failStarts -= 1;
        throw new Error('port taken\nsecond line');
      }
      ended = new Promise((resolve) => {
        finish = resolve;
      });
    },
    async stop() {
      log.push(`stop ${name}`);
      finish('asked to');
    },
    ended: () => ended,
    end: (how) => finish(how),
  };
}

const soon = { baseMs: 1, maxMs: 4 };

test('a child that ends is started again, and the line says how it ended', async () => {
  const lines: string[] = [];
  const supervisor = new Supervisor({ say: (line) => lines.push(line), backOff: soon });
  const child = fakeChild('courses', []);
  await supervisor.start(child);
  child.end('SIGKILL');
  await expect.poll(() => lines).toContain('courses runs again');
  expect(lines[0]).toMatch(/^courses ended \(SIGKILL\); starting it again in \d\.\d s$/);
  expect(child.starts).toBe(2);
  await supervisor.stop();
});

test('each failure in a row makes the wait longer, up to the longest', async () => {
  const lines: string[] = [];
  const supervisor = new Supervisor({
    say: (line) => lines.push(line),
    backOff: { baseMs: 100, maxMs: 400 },
    random: () => 1,
  });
  const child = fakeChild('ai', []);
  await supervisor.start(child);
  child.failStarts = 3;
  child.end('exit code 1');
  await expect.poll(() => lines, { timeout: 5_000 }).toContain('ai runs again');
  const waits = lines.flatMap((line) => line.match(/again in (.*) s$/)?.[1] ?? []);
  expect(waits).toEqual(['0.1', '0.2', '0.4', '0.4']);
  expect(lines[1]).toContain('(port taken)');
  await supervisor.stop();
});

test('children stop in the reverse order of their start, and stay stopped', async () => {
  const log: string[] = [];
  const lines: string[] = [];
  const supervisor = new Supervisor({ say: (line) => lines.push(line), backOff: soon });
  const children = ['redis', 'users', 'gateway'].map((name) => fakeChild(name, log));
  for (const child of children) await supervisor.start(child);
  await supervisor.stop();
  expect(log).toEqual(['stop gateway', 'stop users', 'stop redis']);
  expect(lines).toEqual(['gateway stopped', 'users stopped', 'redis stopped']);
  expect(children.map((child) => child.starts)).toEqual([1, 1, 1]);
});

test('a first start that fails is told to the caller and still stopped at the end', async () => {
  const log: string[] = [];
  const supervisor = new Supervisor({ say: () => {}, backOff: soon });
  const child = fakeChild('users', log);
  child.failStarts = 1;
  await expect(supervisor.start(child)).rejects.toThrow('port taken');
  await supervisor.stop();
  expect(log).toEqual(['stop users']);
  expect(child.starts).toBe(1);
});
