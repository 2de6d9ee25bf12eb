/**
 * GraphQL over HTTP: Yoga reads requests and writes responses, the gateway's pipeline does everything in between.
 *
 * Narrower than Yoga on purpose: bodies are JSON only, which a page of another origin cannot send without being allowed
 * to (so no request is forged by a form), are counted before they are parsed, and hold one operation. A subscription is
 * answered with server-sent events.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CLAIMS_HEADER } from '@lyceum/contracts';
import type { Live } from '@lyceum/service-kit';
import type { OperationTypeNode } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin } from 'graphql-yoga';
import type { Authenticator, Identity } from '../auth/authenticator.ts';
import type { GatewayPolicy } from '../config.ts';
import { refusal } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import { isStream, type Outcome, type Result } from '../pipeline.ts';
import type { EventStreams } from '../subscriptions/sse-transport.ts';
import { readJsonBody } from './json-body.ts';

export interface GraphQLHttpOptions {
  gateway: Gateway;
  authenticator: Authenticator;
  policy: Live<GatewayPolicy>;
  streams: EventStreams;
}

/** What Yoga is given by Node's server beside the request. */
interface NodeContext {
  req: IncomingMessage;
  res: ServerResponse;
}

export const ENDPOINT = '/graphql';

export function createGraphQLHttp({ gateway, authenticator, policy, streams }: GraphQLHttpOptions) {
  return createYoga<NodeContext>({
    graphqlEndpoint: ENDPOINT,
    graphiql: false,
    landingPage: false,
    healthCheckEndpoint: '/health/live',
    logging: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: false,
    parserAndValidationCache: false,
    cors: (request) => corsFor(request, policy.current.cors.origins),
    plugins: [useJsonOnly(policy), usePipeline(gateway, authenticator), useEventStreams(streams)],
  });
}

/** Pages of other origins get leave by name, never a wildcard with credentials: tokens travel in a header. */
function corsFor(request: Request, origins: readonly string[]) {
  const origin = request.headers.get('origin');
  if (origin === null || !(origins.includes(origin) || origins.includes('*'))) return false;
  return {
    origin: [origin],
    methods: ['GET', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'x-request-id'],
    exposedHeaders: ['x-request-id'],
    credentials: false,
    maxAge: 600,
  };
}

/** Replaces Yoga's parsers: JSON bodies within the limit by POST, query strings by GET, nothing else. */
function useJsonOnly(policy: Live<GatewayPolicy>): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser, endResponse, fetchAPI }) {
      if (request.method === 'POST') {
        const [type] = (request.headers.get('content-type') ?? '').split(';');
        if (type?.trim().toLowerCase() !== 'application/json') {
          endResponse(new fetchAPI.Response(null, { status: 415, headers: { accept: 'application/json' } }));
          return;
        }
        setRequestParser((post) => readJsonBody(post, policy.current.limits.maxBodyBytes) as Promise<GraphQLParams>);
      } else if (requestParser) {
        setRequestParser(async (get) => {
          try {
            return await requestParser(get);
          } catch {
            throw refusal('BAD_REQUEST', '`variables` and `extensions` must be JSON.');
          }
        });
      }
    },
  };
}

/** When a stream's viewer loses the right to it. */
const expiries = new WeakMap<object, Date | null>();

function usePipeline(gateway: Gateway, authenticator: Authenticator): Plugin {
  return {
    onParams({ setParamsHandler }) {
      setParamsHandler(async ({ request, params }) => {
        let identity: Promise<Identity> | undefined;
        const outcome = await gateway.run({
          requestId: request.headers.get('x-request-id') ?? '',
          params,
          allowed: allowedTypes(request),
          identify() {
            identity ??= authenticator.authenticate({
              authorization: request.headers.get('authorization'),
              claims: request.headers.get(CLAIMS_HEADER),
            });
            return identity;
          },
          signal: request.signal,
        });
        if (isStream(outcome)) expiries.set(outcome, (await identity)?.expiresAt ?? null);
        return outcome;
      });
    },
  };
}

function allowedTypes(request: Request): ReadonlySet<`${OperationTypeNode}`> {
  const allowed = new Set<`${OperationTypeNode}`>(['query']);
  if (request.method === 'POST') allowed.add('mutation');
  if (request.headers.get('accept')?.includes('text/event-stream')) allowed.add('subscription');
  return allowed;
}

function useEventStreams(streams: EventStreams): Plugin<object, NodeContext> {
  return {
    onResultProcess({ result, setResultProcessor, serverContext }) {
      if (Array.isArray(result) || !isStream(result as Outcome)) return;
      const results = result as AsyncGenerator<Result>;
      const expiresAt = expiries.get(results) ?? null;
      setResultProcessor(
        (_result, { Response }) =>
          new Response(streams.open(results, { expiresAt, hangUp: () => serverContext.res.destroy() }), {
            headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' },
          }),
        'text/event-stream',
      );
    },
  };
}
