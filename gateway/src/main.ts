/**
 * The gateway process: configuration → resources → listen → drain.
 */
import { createLifecycle, createLogger, listenOn } from '@lyceum/service-kit';
import { readConfig } from './config.ts';
import { openResources } from './resources.ts';
import { createGatewayServer } from './server.ts';

const env = readConfig();
const log = createLogger('gateway', { level: env.LOG_LEVEL });
const life = createLifecycle({ log });
const server = createGatewayServer(await openResources(env, life, log));
const { url } = await listenOn(server, env.PORT, env.HOST);
log.info({ url }, 'listening');
await life.runUntilSignal();
