/**
 * The launcher as a process, on servers that exist already: what it promises about its children, whatever happens.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine, freePort, isAlive, repositoryRoot, SERVICE_NAMES, SERVICES } from '@lyceum/local-stack';
import { eventually, openTenant } from '@lyceum/testing';
import { expect, onTestFinished, test } from 'vitest';

interface Launcher {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
  /** The process of a service, or 0. */
  pidOf(entry: string): number;
  pids(): number[];
}

const entries = SERVICE_NAMES.map((name) => SERVICES[name].entry);

async function prepare(): Promise<{ directory: string; env: Record<string, string>; port: number }> {
  const tenant = await openTenant(['users', 'courses', 'progress', 'ai']);
  const directory = mkdtempSync(join(tmpdir(), 'lyceum-launcher-'));
  onTestFinished(async () => {
    rmSync(directory, { recursive: true, force: true });
    await tenant.close();
  });
  return { directory, env: { ...tenant.env, LYCEUM_DIR: directory }, port: await freePort() };
}

function launch(directory: string, env: Record<string, string>, args: readonly string[]): Launcher {
  const child = spawn(process.execPath, ['tools/start/main.ts', '--no-seed', ...args], {
    cwd: repositoryRoot,
    env: { PATH: String(process.env.PATH), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (output += text));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const children = () => JSON.parse(readFileSync(join(directory, 'children.json'), 'utf8')) as ChildRecord[];
  return {
    child,
    output: () => output,
    ended,
    pidOf: (entry) => children().find((record) => record.entry === entry)?.pid ?? 0,
    pids: () => children().map(({ pid }) => pid),
  };
}

interface ChildRecord {
  readonly pid: number;
  readonly entry: string;
}

function untilSaid(launcher: Launcher, text: string | RegExp): Promise<void> {
  return eventually(() => expect(launcher.output()).toMatch(text), { timeoutMs: 120_000 });
}

function untilGone(pids: readonly number[]): Promise<void> {
  const isOurs = (pid: number) => isAlive(pid) && entries.some((entry) => commandLine(pid).includes(entry));
  return eventually(() => expect(pids.filter(isOurs)).toEqual([]), { timeoutMs: 20_000 });
}

test('a crashed child is restarted and said so, and Ctrl-C stops everything in reverse order', async () => {
  const { directory, env, port } = await prepare();
  const launcher = launch(directory, env, ['--port', String(port)]);
  await untilSaid(launcher, 'Lyceum is ready');
  expect(launcher.output()).toContain(`http://127.0.0.1:${port}/graphql`);
  const pids = launcher.pids();
  expect(pids).toHaveLength(SERVICE_NAMES.length);

  const crashed = launcher.pidOf(SERVICES.courses.entry);
  process.kill(crashed, 'SIGKILL');
  await untilSaid(launcher, /courses ended \(SIGKILL\); starting it again in/);
  await untilSaid(launcher, 'courses runs again');
  expect(launcher.pidOf(SERVICES.courses.entry)).not.toBe(crashed);

  const last = launcher.pids();
  launcher.child.kill('SIGINT');
  expect(await launcher.ended).toBe(0);
  const stopped = [...launcher.output().matchAll(/^(\S+) stopped$/gm)].map(([, name]) => name);
  expect(stopped).toEqual([...SERVICE_NAMES].reverse());
  await untilGone([...pids, ...last]);
}, 240_000);

test('children exit when the launcher is killed, and the next start recovers; meanwhile a second one is refused', async () => {
  const { directory, env, port } = await prepare();
  const first = launch(directory, env, ['--port', String(port)]);
  await untilSaid(first, 'Lyceum is ready');
  const refused = launch(directory, env, []);
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toContain(`already running from this folder (process ${first.child.pid})`);

  const pids = first.pids();
  first.child.kill('SIGKILL');
  await first.ended;
  const second = launch(directory, env, ['--port', String(port)]);
  await untilSaid(second, 'Lyceum is ready');
  await untilGone(pids);
  second.child.disconnect();
  expect(await second.ended).toBe(0);
}, 240_000);

test('every database that is missing or cannot be reached is named, and nothing is left running', async () => {
  const { directory, env } = await prepare();
  const { DATABASE_URL_AI_S2: _left, ...incomplete } = env;
  const closed = await freePort();
  const launcher = launch(
    directory,
    { ...incomplete, DATABASE_URL_USERS_S1: `postgresql://lyceum@127.0.0.1:${closed}/lyceum_users` },
    [],
  );
  expect(await launcher.ended).toBe(1);
  expect(launcher.output()).toContain('DATABASE_URL_AI_S2: is not set');
  expect(launcher.output()).toMatch(/DATABASE_URL_USERS_S1: cannot be reached/);
});
