/**
 * The worker process: relays what the databases committed, runs jobs, and calls models.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createLifecycle, createLogger } from '@lyceum/service-kit';
import { readConfig } from './config.ts';
import { openResources } from './resources.ts';
import { startWorker } from './worker.ts';

const config = readConfig();
const log = createLogger('worker', { level: config.LOG_LEVEL });
const life = createLifecycle({ log, drainMs: config.WORKER_DRAIN_MS + 4_000 });
const resources = await openResources(config, life, log);
const server = startWorker(resources, life);

server.listen(config.PORT, config.HOST);
await once(server, 'listening');
log.info({ port: (server.address() as AddressInfo).port }, 'worker ready');
await life.runUntilSignal();
