/**
 * One process from start to end: resources are owned when opened and closed in reverse, each within a time-out.
 *
 * The end begins with SIGTERM, SIGINT, or the parent's IPC channel closing (a launcher that was killed leaves no
 * orphan). First `draining` turns true, so readiness fails; then what was begun is finished; then all is closed.
 */
import type { Logger } from './logger.ts';
import { withTimeout } from './retry.ts';

export interface Lifecycle {
  /** Returns the resource. Closed in reverse order of owning. Owned after the end began: closed at once. */
  own<T>(name: string, resource: T, close: (resource: T) => unknown): T;
  /** Runs when draining begins, together with the others; all of them have `drainMs`. */
  onDrain(fn: () => unknown): void;
  /** Drains, then closes. Idempotent: later calls wait for the first. Never throws. */
  close(): Promise<void>;
  readonly draining: boolean;
  /** For `main.ts`: never returns; the process exits with 0 after a signal, with 1 after an unexpected error. */
  runUntilSignal(): Promise<void>;
}

interface Owned {
  readonly name: string;
  readonly close: () => unknown;
}

export function createLifecycle({
  log,
  drainMs = 10_000,
  closeMs = 5_000,
}: {
  log: Logger;
  drainMs?: number;
  closeMs?: number;
}): Lifecycle {
  const owned: Owned[] = [];
  const drains: (() => unknown)[] = [];
  let closing: Promise<void> | undefined;

  const closeOne = async ({ name, close }: Owned) => {
    try {
      await withTimeout(async () => close(), closeMs, `closing ${name}`);
    } catch (err) {
      log.warn({ err, resource: name }, 'resource did not close cleanly');
    }
  };

  const drain = async () => {
    const running = drains.map((fn) => withTimeout(async () => fn(), drainMs, 'draining'));
    for (const outcome of await Promise.allSettled(running)) {
      if (outcome.status === 'rejected') log.warn({ err: outcome.reason }, 'drain did not finish');
    }
  };

  const closeAll = async () => {
    await drain();
    for (let next = owned.pop(); next !== undefined; next = owned.pop()) await closeOne(next);
  };

  const life: Lifecycle = {
    own(name, resource, close) {
      const entry = { name, close: () => close(resource) };
      if (closing === undefined) owned.push(entry);
      else void closeOne(entry);
      return resource;
    },
    onDrain(fn) {
      drains.push(fn);
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
    get draining() {
      return closing !== undefined;
    },
    runUntilSignal() {
      runProcess(life, log);
      return new Promise(() => {});
    },
  };
  return life;
}

function runProcess(life: Lifecycle, log: Logger): void {
  let ending = false;
  let code = 0;

  const end = async (reason: string) => {
    if (ending) return;
    ending = true;
    log.info({ reason }, 'draining');
    await life.close();
    log.info({ reason }, 'closed');
    log.flush();
    process.exit(code);
  };

  const onSignal = (signal: NodeJS.Signals) => {
    // A second signal is a person who does not want to wait.
    if (ending) process.exit(signal === 'SIGINT' ? 130 : 143);
    void end(signal);
  };
  const onBug = (err: unknown, origin: string) => {
    log.fatal({ err, origin }, 'unexpected error, the process ends');
    code = 1;
    void end(origin);
  };

  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', (err) => onBug(err, 'uncaughtException'));
  process.on('unhandledRejection', (err) => onBug(err, 'unhandledRejection'));
  process.on('disconnect', () => void end('the parent process is gone'));
  if (process.send !== undefined && !process.connected) void end('the parent process is gone');
}
