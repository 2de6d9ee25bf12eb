/**
 * What integration tests and end-to-end stories stand on: tenants, services, clients, clocks, waiting.
 */
export type { ServiceName, ServiceProcess } from '@lyceum/local-stack';
export { type FixedClock, fixedClock } from './clock.ts';
export { stackCoordinates } from './coordinates.ts';
export { type CuttableLine, cuttable } from './cuttable.ts';
export { eventually } from './eventually.ts';
export {
  type GraphAnswer,
  type GraphClient,
  type GraphClientOptions,
  type GraphError,
  GraphRequestError,
  graphClient,
  type Message,
} from './graph-client.ts';
export { type LaggingReplica, laggingReplica } from './lagging-replica.ts';
export { startService, startStack, type TestStack } from './service.ts';
export { sql } from './sql.ts';
export { openTenant, type Tenant } from './tenant.ts';
export { claimsHeader } from './tokens.ts';
export { type Statement, type WatchedDatabase, watchDatabase } from './watched-database.ts';
