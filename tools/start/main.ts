/**
 * `npm start`: takes the lock, runs the plan, shows the board, and stands guard until it is told to leave.
 *
 * It leaves on Ctrl-C, SIGTERM, or when the process that started it is gone; everything is stopped in reverse order.
 * Killed outright it cannot do that: then servers and services notice by themselves, and the next start waits for them.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { stopLeftoverPostgres, stopLeftoverRedis } from '@lyceum/local-stack';
import { board } from './board.ts';
import { readEnvironment } from './config.ts';
import { type Lock, takeLock } from './lock.ts';
import { HELP, readOptions, type StartOptions } from './options.ts';
import { runPlan } from './plan.ts';
import { paths, stopLeftoverServices, wipe } from './state.ts';
import { Supervisor } from './supervisor.ts';

/** One Ctrl-C reaches us more than once: from the terminal, from npm, from the bootstrap. */
const IMPATIENT_AFTER_MS = 1_000;

function say(line: string): void {
  console.log(line);
}

/** Resolves with the reason to leave. A second signal, later, is a person who does not want to wait. */
function reasonToLeave(): { promise: Promise<string>; signal: AbortSignal } {
  const leaving = new AbortController();
  const promise = new Promise<string>((resolve) => {
    let since = 0;
    const onSignal = (name: string) => {
      if (since === 0) {
        since = performance.now();
        leaving.abort(new Error(`interrupted by ${name}`));
        resolve(name);
      } else if (performance.now() - since > IMPATIENT_AFTER_MS) {
        process.exit(130);
      }
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => onSignal(name));
    process.once('disconnect', () => onSignal('the end of the process that started it'));
  });
  return { promise, signal: leaving.signal };
}

/** Servers and services that a killed launcher left behind. */
async function clearLeftovers(): Promise<void> {
  await Promise.all([stopLeftoverServices(), stopLeftoverPostgres(paths.postgres), stopLeftoverRedis(paths.redis)]);
}

async function start(options: StartOptions, lock: Lock): Promise<number> {
  const begun = performance.now();
  const leave = reasonToLeave();
  await clearLeftovers();
  if (options.fresh) {
    say(`Wiping ${paths.directory}`);
    wipe();
  }
  rmSync(paths.logs, { recursive: true, force: true });
  mkdirSync(paths.logs, { recursive: true });

  const supervisor = new Supervisor({ say });
  const opening: Promise<unknown>[] = [];
  const plan = runPlan({ options, environment: readEnvironment(), supervisor, signal: leave.signal, opening });
  let code = 0;
  try {
    const running = await Promise.race([plan, leave.promise]);
    if (typeof running !== 'string') {
      say(board(running, (performance.now() - begun) / 1000));
      await leave.promise;
    } else {
      code = 130;
    }
  } catch (error) {
    console.error(`\nLyceum could not start. ${(error as Error).message}`);
    code = 1;
  }
  lock.leaving();
  await Promise.allSettled(opening);
  say('\nStopping');
  await supervisor.stop();
  // Interrupted, the plan ends because what it waited for was stopped.
  await plan.catch(() => {});
  return code;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    say(HELP);
    return 0;
  }
  mkdirSync(paths.directory, { recursive: true });
  const lock = await takeLock(paths.lock, 'tools/start/main.ts');
  try {
    return await start(options, lock);
  } finally {
    lock.release();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
process.exit();
