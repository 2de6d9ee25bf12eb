/**
 * The worker process: relays what the databases committed, runs jobs, and calls models.
 */
import { createLifecycle, createLogger, listenOn } from '@lyceum/service-kit';
import { readConfig } from './config.ts';
import { openResources } from './resources.ts';
import { startWorker } from './worker.ts';

const config = readConfig();
const log = createLogger('worker', { level: config.LOG_LEVEL });
const life = createLifecycle({ log, drainMs: config.WORKER_DRAIN_MS + 4_000 });
const resources = await openResources(config, life, log);
const { url } = await listenOn(startWorker(resources, life), config.PORT, config.HOST);
log.info({ url }, 'listening');
await life.runUntilSignal();
