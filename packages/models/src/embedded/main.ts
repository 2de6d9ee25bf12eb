/**
 * The embedded model server: `lyceum-extractive-1` behind OpenAI's protocol, without key or network.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createLifecycle, createLogger, createMetrics } from '@lyceum/service-kit';
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

server.listen(config.PORT, config.HOST);
await once(server, 'listening');
life.own('http', server, (http) => new Promise((resolve) => http.close(resolve)));
life.onDrain(() => server.closeIdleConnections());
log.info({ port: (server.address() as AddressInfo).port }, 'embedded model ready');
await life.runUntilSignal();
