import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const script = fileURLToPath(new URL('./process.fixture.ts', import.meta.url));

test('SIGTERM and SIGINT drain, close and exit with 0', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child, logged } = start('wait');
    await logged('ready');
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
    await logged('closed');
  }
});

test('a process whose parent is gone ends by itself', async () => {
  const { child, logged } = start('wait');
  await logged('ready');
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a second signal ends the process at once', async () => {
  const { child, logged } = start('hang');
  await logged('ready');
  child.kill('SIGTERM');
  await logged('draining');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([143, null]);
});

test('an error that nobody caught is logged and ends the process with 1', async () => {
  const { child, logged } = start('throw');
  expect(await once(child, 'exit')).toEqual([1, null]);
  await logged('a bug');
});

function start(mode: string) {
  const child: ChildProcess = fork(script, [mode], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return { child, logged: (text: string) => expect.poll(() => output, { timeout: 10_000 }).toContain(text) };
}
