/**
 * Hive Gateway, its runtime behind Node's server as its own command does it.
 *
 * Variants: the JavaScript engine (`plain`) or the planner in Rust (`rust`); each with identical requests to subgraphs
 * shared while they are under way (`-dedupe`); and with whole operations shared too (`-whole`).
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import { readSettings } from './settings.ts';

const { port, supergraphFile, variant } = readSettings();
const [engine, sharing = 'none'] = variant.split('-');
const runtime = createGatewayRuntime({
  supergraph: readFileSync(supergraphFile, 'utf8'),
  ...(engine === 'rust' && { unifiedGraphHandler }),
  transportEntries: { '*.http': { options: { deduplicateInflightRequests: sharing !== 'none' } } },
  inboundInflightRequestDeduplication: sharing === 'whole',
  graphiql: false,
  landingPage: false,
  logging: 'warn',
});
await runtime.getSchema();
createServer(runtime).listen(port, '127.0.0.1');
