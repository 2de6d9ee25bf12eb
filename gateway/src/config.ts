/**
 * The gateway's two kinds of configuration, which never mix: boot environment (secrets, restart to change) and hot
 * policy (`config/gateway.yaml`, no secrets, read per request).
 */
import { join } from 'node:path';
import { ClaimsEnv, type Environment, loadEnv, Port, ServiceEnv } from '@lyceum/service-kit';
import { z } from 'zod';

const Addresses = z
  .string()
  .refine((list) => list.split(',').every((url) => z.url({ protocol: /^https?$/ }).safeParse(url.trim()).success), {
    error: 'must be a URL, or several parted by commas',
  });

export const GatewayEnv = ServiceEnv.pick({ CONFIG_DIR: true, HOST: true, LOG_LEVEL: true, REDIS_PREFIX: true }).extend(
  {
    ...ClaimsEnv.shape,
    PORT: Port.default(4000),
    SUPERGRAPH_FILE: z.string().default(join(import.meta.dirname, '../../supergraph.graphql')),
    /** Outranks the file while it has a supergraph. */
    SUPERGRAPH_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** Sent to SUPERGRAPH_URL as the header `authorization`. A secret. */
    SUPERGRAPH_URL_AUTHORIZATION: z.string().optional(),
    /** A manifest of trusted documents. Left out, persisted-operations.json beside the policy, if it is there. */
    PERSISTED_OPERATIONS_FILE: z.string().optional(),
    /** What is published there outranks the URL and the file. The gateway works without Redis. */
    REDIS_URL: ServiceEnv.shape.REDIS_URL.optional(),
    /** Where the keys lie that access tokens are checked with. */
    JWKS_URL: z.url().default('http://127.0.0.1:4001/.well-known/jwks.json'),
    /** Override the addresses in the supergraph; several instances are parted by commas. */
    SUBGRAPH_URL_USERS: Addresses.optional(),
    SUBGRAPH_URL_COURSES: Addresses.optional(),
    SUBGRAPH_URL_PROGRESS: Addresses.optional(),
    SUBGRAPH_URL_AI: Addresses.optional(),
  },
);
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

const Network = z
  .string()
  .refine((text) => z.ipv4().or(z.ipv6()).or(z.cidrv4()).or(z.cidrv6()).safeParse(text).success, {
    error: 'must be an address, or a network such as 10.0.0.0/8',
  });

/** Operations of one viewer, or of one address where nobody is signed in, over all gateways that share a Redis. */
export const RatePolicy = z.strictObject({
  enabled: z.boolean().default(false),
  perMinute: count.default(600),
  /** That may come at once after a quiet time. */
  burst: count.default(200),
  /** Proxies whose `x-forwarded-for` is believed. */
  trustedProxies: z.array(Network).max(100).default([]),
});
export type RatePolicy = z.output<typeof RatePolicy>;

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
  /** By `operation-cost.ts`: about two for each object that may come, and one for each of its fields. */
  maxCost: count.default(50_000),
  /** Objects in a list, where no argument says how many there may be: lists without one are short by nature. */
  assumedListSize: count.default(5),
  rate: RatePolicy.prefault({}),
  webSocket: z
    .strictObject({
      maxMessageBytes: count.default(256 * 1024),
      /** That run at the same time on one socket, or on one reserved event stream, which is counted and bounded like a socket. */
      maxOperations: count.default(50),
      /** That are open at the same time at one gateway. */
      maxSockets: count.default(50_000),
      /** Of one person at one gateway. */
      maxSocketsPerUser: count.default(5),
      /** That a client has not read yet. Beyond it, events are replaced by newer ones or the socket is closed, as declared. */
      maxBufferedBytes: count.default(256 * 1024),
      /** A socket without an operation is closed after this time. */
      idleMs: milliseconds.default(600_000),
      /** When the gateway drains, its sockets are closed one after the other over this time at most. */
      drainMs: milliseconds.default(5_000),
      /** Time a client has to say who it is, or to open the stream that it has reserved. */
      initialisationMs: milliseconds.default(5_000),
    })
    .prefault({}),
  /** Events of one subgraph's subscription that may wait to be completed. More are asked for again from the cursor. */
  maxPendingEvents: count.default(1_000),
});
export type LimitsPolicy = z.output<typeof LimitsPolicy>;

/**
 * Set by the gateway or by the connection; a token and its cookie never travel on, claims do (docs/adr/0007). Nobody but
 * the gateway says `lyceum-…`.
 */
const NEVER_PROPAGATED =
  /^(accept|accept-encoding|authorization|connection|content-.*|cookie|expect|host|keep-alive|lyceum-.*|proxy-.*|te|trailer|transfer-encoding|upgrade|x-request-id)$/;
const share = z.number().min(0).max(1);

export const SubgraphsPolicy = z.strictObject({
  /** To each address. Read when an address is first asked, like the two keys below. */
  connections: count.default(64),
  connectMs: milliseconds.default(1_000),
  /** An idle connection is closed after this time; a subgraph must keep it for longer. */
  keepAliveMs: milliseconds.default(30_000),
  headersMs: milliseconds.default(10_000),
  bodyMs: milliseconds.default(10_000),
  /** Waiting for a connection, and every further try, included. */
  totalMs: milliseconds.default(15_000),
  /** After decompression. */
  maxResponseBytes: count.default(8 * 1024 * 1024),
  /** Fetches that may wait for one address; more are refused. */
  maxOutstanding: count.default(10_000),
  /** Over TLS where the subgraph offers it; without TLS the subgraph must speak nothing else. Read like `connections`. */
  http2: z.boolean().default(false),
  /** Headers of a client that subgraphs are told, in lower case. They are part of what answers are shared by. */
  propagateHeaders: z
    .array(
      z
        .string()
        .regex(/^[a-z0-9-]+$/, 'must be a header name in lower case')
        .refine((name) => !NEVER_PROPAGATED.test(name), 'must not be a header that the gateway or the connection sets'),
    )
    .max(32)
    .default([]),
  /** Equal queries of one caller that are under way at the same time are sent once. */
  deduplicate: z.boolean().default(true),
  /** Of queries; a mutation is sent once. */
  retries: z
    .strictObject({
      /** Tries after the first. */
      max: z.number().int().min(0).max(5).default(2),
      baseMs: milliseconds.default(50),
      maxMs: milliseconds.default(1_000),
      /** Of all fetches, so many may be sent once more; hedges count too. */
      budgetShare: share.default(0.1),
      /** What a subgraph that is rarely asked may still use up at once. */
      budgetBurst: count.default(20),
    })
    .prefault({}),
  /** Of each address. Read like `connections`. */
  breaker: z
    .strictObject({
      /** In a row, until the address is left alone. */
      failures: count.default(5),
      openMs: milliseconds.default(60_000),
    })
    .prefault({}),
  /** A second request for a query that takes longer than most; the first answer counts. */
  hedging: z
    .strictObject({
      enabled: z.boolean().default(false),
      /** Of the last answers, so many were there by then. */
      quantile: share.default(0.95),
      minMs: milliseconds.default(10),
    })
    .prefault({}),
  /** Of subgraphs with several addresses. Read like `connections`. */
  healthChecks: z
    .strictObject({ everyMs: milliseconds.default(5_000), timeoutMs: milliseconds.default(1_500) })
    .prefault({}),
  compression: z
    .strictObject({
      /** Accept gzip and brotli; a subgraph compresses by its own threshold. */
      responses: z.boolean().default(true),
      /** Bodies of at least this size are compressed for the subgraphs named below. */
      minRequestBytes: count.default(16 * 1024),
      /** Subgraphs that take gzip. */
      requestsTo: z.array(z.string()).default([]),
    })
    .prefault({}),
  /** By subgraph: what clients may read of its errors. Otherwise the codes of our catalogue that are exposed, with their words. */
  errors: z
    .record(
      z.string(),
      z.strictObject({
        /** Further codes that pass. */
        codes: z.array(z.string()).default([]),
        /** False: the words of the catalogue take the place of the subgraph's. */
        messages: z.boolean().default(true),
      }),
    )
    .default({}),
});
export type SubgraphsPolicy = z.output<typeof SubgraphsPolicy>;

export const SupergraphPolicy = z.strictObject({
  /** Between two questions to a URL, and to Redis in case that a wake-up was lost. Varied by a tenth. */
  pollMs: milliseconds.default(10_000),
  /** For the whole answer of a URL. */
  timeoutMs: milliseconds.default(5_000),
  /** Of a supergraph from a URL or from Redis. */
  maxBytes: count.default(8 * 1024 * 1024),
});
export type SupergraphPolicy = z.output<typeof SupergraphPolicy>;

export const GatewayPolicy = z.strictObject({
  limits: LimitsPolicy.prefault({}),
  persistedOperations: z
    .strictObject({
      /** Documents that are not in the manifest are refused. */
      only: z.boolean().default(false),
      /** Of the manifest's file. */
      maxBytes: count.default(8 * 1024 * 1024),
    })
    .prefault({}),
  subgraphs: SubgraphsPolicy.prefault({}),
  supergraph: SupergraphPolicy.prefault({}),
  plans: z
    .strictObject({
      /** Operations remembered for a supergraph. Read at start. */
      maxEntries: count.default(1_000),
      /** Characters of their documents. Read at start. */
      maxSourceLength: count.default(2_000_000),
      /** Operations, the last used first, that are planned for a new supergraph before it serves. */
      warm: z.number().int().min(0).default(200),
      /** A new supergraph waits no longer than this for their plans. */
      warmMs: milliseconds.default(10_000),
    })
    .prefault({}),
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
  http: z
    .strictObject({
      compression: z
        .strictObject({
          /** Answers of at least this size are compressed for clients that accept it. */
          minBytes: count.default(4 * 1024),
        })
        .prefault({}),
    })
    .prefault({}),
  deduplication: z
    .strictObject({
      /** Equal queries of one viewer that are under way at the same time are run once. */
      operations: z.boolean().default(false),
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
    .strictObject({
      introspection: z.boolean().default(false),
      graphiql: z.boolean().default(false),
      /** Errors name the subgraph that they come from, as `extensions.service`. */
      services: z.boolean().default(false),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      /** Operation names that get their own time series; all others share one. */
      operations: z.array(z.string()).max(200).default([]),
    })
    .prefault({}),
});
export type GatewayPolicy = z.output<typeof GatewayPolicy>;
