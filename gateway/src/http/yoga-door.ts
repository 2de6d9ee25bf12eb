/**
 * The door for what is uncommon over HTTP: preflights, subscriptions as server-sent events, answers in parts, and whatever
 * must be refused by its method or type. Yoga reads and writes; the gateway's pipeline does everything in between.
 *
 * Narrower than Yoga on purpose: bodies are JSON only and hold one operation, by the rules of `read-params.ts`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CLAIMS_HEADER } from '@lyceum/contracts';
import type { Live } from '@lyceum/service-kit';
import type { OperationTypeNode } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin } from 'graphql-yoga';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Identity } from '../auth/identity.ts';
import type { WatchIdentity } from '../auth/identity-end.ts';
import type { GatewayPolicy } from '../config.ts';
import type { Gateway } from '../gateway.ts';
import { type GatewayRequest, isStream, type Outcome, type Result } from '../pipeline.ts';
import { isLive } from '../subscriptions/live-operation.ts';
import { EVENT_STREAM_HEADERS } from '../subscriptions/sse/event-stream.ts';
import type { EventStreams } from '../subscriptions/sse/event-streams.ts';
import { answerWith } from './answer.ts';
import { EXPOSED_HEADERS, isAllowed } from './common-headers.ts';
import { ENDPOINT } from './endpoint.ts';
import { negotiate } from './media-types.ts';
import { MULTIPART, writeMultipart } from './multipart.ts';
import { readBody, readQueryString } from './read-params.ts';
import { readRequestBody } from './request-body.ts';
import { TOKEN_HEADER } from './single-connection-door.ts';

export interface YogaDoorOptions {
  gateway: Gateway;
  authenticator: Authenticator;
  watchIdentity: WatchIdentity;
  policy: Live<GatewayPolicy>;
  streams: EventStreams;
}

/** What Yoga is given by Node's server beside the request. */
interface NodeContext {
  req: IncomingMessage;
  res: ServerResponse;
}

export function createYogaDoor({ gateway, authenticator, watchIdentity, policy, streams }: YogaDoorOptions) {
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
    extraParamNames: ['documentId'],
    cors: (request) => (request.method === 'OPTIONS' ? leaveFor(request, policy.current.cors.origins) : false),
    plugins: [useJsonOnly(policy), usePipeline(gateway, authenticator), useOurAnswers(policy, streams, watchIdentity)],
  });
}

/** The answer to a preflight; the request that follows finds leave among the common headers. */
function leaveFor({ headers }: Request, origins: readonly string[]) {
  const origin = headers.get('origin');
  if (origin === null || !isAllowed(origin, origins)) return false as const;
  return {
    origin: [origin],
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'last-event-id', TOKEN_HEADER, 'x-request-id'],
    exposedHeaders: [EXPOSED_HEADERS],
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
        if (type?.trim().toLowerCase() !== 'application/json' || request.headers.has('content-encoding')) {
          endResponse(new fetchAPI.Response(null, { status: 415, headers: { accept: 'application/json' } }));
          return;
        }
        setRequestParser(async (post) =>
          forYoga(readBody(await readRequestBody(post, policy.current.limits.maxBodyBytes))),
        );
      } else if (requestParser) {
        setRequestParser((get) => forYoga(readQueryString(new URL(get.url).search)));
      }
    },
  };
}

/** What `read-params.ts` has checked holds whatever Yoga relies on. */
function forYoga(params: object): GraphQLParams {
  return params;
}

/** Who asked for a stream. */
const identities = new WeakMap<object, Identity>();

function usePipeline(gateway: Gateway, authenticator: Authenticator): Plugin<object, NodeContext> {
  return {
    onParams({ setParamsHandler, context }) {
      setParamsHandler(async ({ request, params }) => {
        let identity: Promise<Identity> | undefined;
        const outcome = await gateway.run({
          requestId: request.headers.get('x-request-id') ?? '',
          params,
          ...allowedBy(request),
          address: context.req.socket.remoteAddress,
          header: (name) => request.headers.get(name) ?? undefined,
          identify() {
            const authorization = request.headers.get('authorization');
            const claims = request.headers.get(CLAIMS_HEADER);
            identity ??= Promise.resolve(authenticator.authenticate({ authorization, claims }));
            return identity;
          },
          signal: request.signal,
        });
        if ((isStream(outcome) || isLive(outcome)) && identity) identities.set(outcome, await identity);
        return outcome as object;
      });
    },
  };
}

function allowedBy({ method, headers }: Request): Pick<GatewayRequest, 'allowed' | 'takesParts'> {
  const { eventStream, parts } = negotiate(headers.get('accept') ?? undefined);
  const allowed = new Set<`${OperationTypeNode}`>(['query']);
  if (method === 'POST') allowed.add('mutation');
  if (eventStream) allowed.add('subscription');
  return { allowed, takesParts: eventStream || parts };
}

/** Replaces Yoga's writers: one result as at the other door; a stream, and a result for who takes nothing else, as it is taken. */
function useOurAnswers(
  policy: Live<GatewayPolicy>,
  streams: EventStreams,
  watchIdentity: WatchIdentity,
): Plugin<object, NodeContext> {
  return {
    onResultProcess({ request, result, setResultProcessor, serverContext: { res } }) {
      const outcome = result as Outcome;
      const { mediaType, eventStream, parts } = negotiate(request.headers.get('accept') ?? undefined);
      if (!isStream(outcome) && !isLive(outcome) && mediaType !== null) {
        const acceptEncoding = request.headers.get('accept-encoding') ?? undefined;
        const { minBytes } = policy.current.http.compression;
        setResultProcessor(async (_result, { Response }) => {
          const { status, headers, body } = await answerWith(outcome, { mediaType, acceptEncoding, minBytes });
          return new Response(body, { status, headers: inPairs(headers) });
        }, mediaType);
      } else if (eventStream) {
        const identity = identities.get(outcome);
        const watch = (end: () => void) => (identity ? watchIdentity(identity, end) : () => {});
        const whenGone = (end: () => void) => (res.closed ? end() : void res.once('close', end));
        const options = { watch, whenGone, hangUp: () => res.destroy() };
        const body = isLive(outcome)
          ? () => streams.follow(outcome, options)
          : () => streams.open(inParts(outcome), options);
        setResultProcessor(
          (_result, { Response }) =>
            new Response(body(), {
              headers: inPairs(EVENT_STREAM_HEADERS),
            }),
          'text/event-stream',
        );
      } else if (parts && !isLive(outcome)) {
        setResultProcessor(
          (_result, { Response }) =>
            new Response(writeMultipart(inParts(outcome)), {
              headers: { 'content-type': MULTIPART, 'cache-control': 'no-cache', 'x-accel-buffering': 'no' },
            }),
          'multipart/mixed',
        );
      }
    },
  };
}

async function* only(result: Result): AsyncGenerator<Result> {
  yield result;
}

function inParts(outcome: Result | AsyncGenerator<Result>): AsyncGenerator<Result> {
  return isStream(outcome) ? outcome : only(outcome);
}

function inPairs(headers: readonly string[]): Record<string, string> {
  return Object.fromEntries(headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? '']] : [])));
}
