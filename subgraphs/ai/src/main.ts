/**
 * The ai process: config → resources → listen → rehearse → drain.
 */
import { createLifecycle, createLogger } from '@lyceum/service-kit';
import { readConfig } from './config.ts';
import { rehearse } from './rehearsal.ts';
import { openResources } from './resources.ts';
import { createServer } from './server.ts';

const { env, source } = readConfig();
const log = createLogger('ai', { level: env.LOG_LEVEL });
const life = createLifecycle({ log });
const resources = await openResources({ env, source, log, life });
const { url } = await createServer(resources, life).listen(env.PORT, env.HOST);
log.info({ url }, 'listening');
life.own('rehearsal', rehearse(resources), (r) => r.stop());
await life.runUntilSignal();
