/**
 * The users process: config → resources → background work → listen → drain.
 */
import { createLifecycle, createLogger } from '@lyceum/service-kit';
import { readConfig } from './config.ts';
import { startNotificationConsumers } from './notifications/notifications.consumer.ts';
import { openResources } from './resources.ts';
import { createServer } from './server.ts';

const { env, source } = readConfig();
const log = createLogger('users', { level: env.LOG_LEVEL });
const life = createLifecycle({ log });
const resources = await openResources({ env, source, log, life });
startNotificationConsumers(resources, life);
const { url } = await createServer(resources, life).listen(env.PORT, env.HOST);
log.info({ url }, 'listening');
await life.runUntilSignal();
