/**
 * A process that owns one resource and does as its first argument says: `wait`, `hang` while closing, or `throw`.
 */
import { createLifecycle, createLogger } from '../src/index.ts';

const mode = process.argv[2];
const log = createLogger('fixture');
const life = createLifecycle({ log, closeMs: 60_000 });
life.own('resource', mode, () => (mode === 'hang' ? new Promise(() => {}) : undefined));
// Keeps the process alive as a server would.
setInterval(() => {}, 1_000);
const running = life.runUntilSignal();
log.info('ready');
if (mode === 'throw') void Promise.reject(new Error('a bug'));
await running;
