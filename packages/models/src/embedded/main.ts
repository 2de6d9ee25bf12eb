/**
 * The embedded model server: `lyceum-extractive-1` behind OpenAI's protocol, without key or network.
 */
import { createLifecycle, createLogger, createMetrics, listenOn } from '@lyceum/service-kit';
import { readConfig } from './config.ts';
import { createEmbeddedModelServer } from './server.ts';

const config = readConfig();
const log = createLogger('embedded-model', { level: config.LOG_LEVEL });
const life = createLifecycle({ log });
const server = createEmbeddedModelServer({
  tokensPerSecond: config.EMBEDDED_TOKENS_PER_SECOND,
  log,
  life,
  metrics: createMetrics('embedded-model'),
});

const { url } = await listenOn(server, config.PORT, config.HOST);
life.own('http', server, (http) => new Promise((resolve) => http.close(resolve)));
life.onDrain(() => server.closeIdleConnections());
log.info({ url }, 'listening');
await life.runUntilSignal();
