/**
 * The gateway's two kinds of configuration, which never mix: boot environment (secrets, restart to change) and hot
 * policy (`config/gateway.yaml`, no secrets, read per request).
 */
import { join } from 'node:path';
import { ClaimsEnv, type Environment, loadEnv, Port, ServiceEnv } from '@lyceum/service-kit';
import { z } from 'zod';

export const GatewayEnv = ServiceEnv.pick({ CONFIG_DIR: true, HOST: true, LOG_LEVEL: true }).extend({
  ...ClaimsEnv.shape,
  PORT: Port.default(4000),
  SUPERGRAPH_FILE: z.string().default(join(import.meta.dirname, '../../supergraph.graphql')),
  /** Where the keys lie that access tokens are checked with. */
  JWKS_URL: z.url().default('http://127.0.0.1:4001/.well-known/jwks.json'),
  /** Override the addresses in the supergraph. */
  SUBGRAPH_URL_USERS: z.url().optional(),
  SUBGRAPH_URL_COURSES: z.url().optional(),
  SUBGRAPH_URL_PROGRESS: z.url().optional(),
  SUBGRAPH_URL_AI: z.url().optional(),
});
export type GatewayEnv = z.output<typeof GatewayEnv>;

export function readConfig(source: Environment = process.env): GatewayEnv {
  return loadEnv(GatewayEnv, source);
}

/** Subgraph name → address, for the subgraphs whose address the environment overrides. */
export function subgraphUrls(env: GatewayEnv): Record<string, string | undefined> {
  return {
    users: env.SUBGRAPH_URL_USERS,
    courses: env.SUBGRAPH_URL_COURSES,
    progress: env.SUBGRAPH_URL_PROGRESS,
    ai: env.SUBGRAPH_URL_AI,
  };
}

const count = z.number().int().positive();
const milliseconds = z.number().int().positive();

export const LimitsPolicy = z.strictObject({
  /** Of an HTTP request, counted before it is parsed. */
  maxBodyBytes: count.default(256 * 1024),
  /** Lexical tokens of a document. */
  maxTokens: count.default(2_000),
  /** Fields below one another, fragments expanded. The introspection of tools needs 15. */
  maxDepth: count.default(16),
  maxAliases: count.default(30),
  maxRootFields: count.default(20),
  /** Fields in all, fragments expanded: bounds documents that are small only on paper. */
  maxFields: count.default(1_000),
  webSocket: z
    .strictObject({
      maxMessageBytes: count.default(256 * 1024),
      /** That run at the same time on one socket. */
      maxOperations: count.default(50),
      /** Time a client has to say who it is. Read at start. */
      initialisationMs: milliseconds.default(5_000),
    })
    .prefault({}),
  /** Events that may wait for one slow subscriber before its subscription is ended. */
  maxPendingEvents: count.default(1_000),
});
export type LimitsPolicy = z.output<typeof LimitsPolicy>;

export const SubgraphsPolicy = z.strictObject({
  /** To each subgraph. Read at start. */
  connections: count.default(64),
  /** Read at start. */
  connectMs: milliseconds.default(1_000),
  headersMs: milliseconds.default(10_000),
  bodyMs: milliseconds.default(10_000),
  /** Waiting for a connection included. */
  totalMs: milliseconds.default(15_000),
  maxResponseBytes: count.default(8 * 1024 * 1024),
});
export type SubgraphsPolicy = z.output<typeof SubgraphsPolicy>;

export const GatewayPolicy = z.strictObject({
  limits: LimitsPolicy.prefault({}),
  subgraphs: SubgraphsPolicy.prefault({}),
  /** Read at start. */
  plans: z.strictObject({ maxEntries: count.default(1_000), maxSourceLength: count.default(2_000_000) }).prefault({}),
  /** Read at start. */
  jwks: z
    .strictObject({
      timeoutMs: milliseconds.default(3_000),
      /** The least time between two fetches of the keys. */
      cooldownMs: milliseconds.default(5_000),
      /** Keys older than this are fetched anew. */
      cacheMs: milliseconds.default(600_000),
    })
    .prefault({}),
  cors: z
    .strictObject({
      /** Pages that may call from a browser, such as https://learn.example.org; `*` for any. */
      origins: z.array(z.string()).default([]),
    })
    .prefault({}),
  /** For people who build on the graph. Off unless switched on. */
  developers: z
    .strictObject({ introspection: z.boolean().default(false), graphiql: z.boolean().default(false) })
    .prefault({}),
  metrics: z
    .strictObject({
      /** Operation names that get their own time series; all others share one. */
      operations: z.array(z.string()).max(200).default([]),
    })
    .prefault({}),
});
export type GatewayPolicy = z.output<typeof GatewayPolicy>;
