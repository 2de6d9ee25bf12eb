/**
 * Who shares an upstream subscription: random operations on Lyceum's own graph, each asked by several viewers at once, over
 * a real socket to something that answers every subscription with the viewer it was asked for.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Viewer } from '@lyceum/contracts';
import { createLogger, createMetrics, fixedPolicy, verifyClaims } from '@lyceum/service-kit';
import {
  type GraphQLField,
  type GraphQLOutputType,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { GatewayPolicy } from '../src/config.ts';
import { coerceVariables } from '../src/federation/coerce-variables.ts';
import { createPlanCache } from '../src/federation/plan-cache.ts';
import { createPlanExecutor } from '../src/federation/plan-executor.ts';
import { buildSupergraph, type Supergraph } from '../src/federation/supergraph/build-supergraph.ts';
import { createSubscriptionMetrics } from '../src/observability/subscription-metrics.ts';
import { createSubscriptionEngine, type SubscriptionEngine } from '../src/subscriptions/engine.ts';
import { traitsOf } from '../src/subscriptions/traits.ts';
import {
  createSubgraphSubscriptions,
  type SubgraphSubscriptions,
} from '../src/subscriptions/upstream/subgraph-subscriptions.ts';
import { createRandom, hash, type Random } from './differential/random.ts';
import { CLAIMS_SECRET } from './subgraphs.ts';

const OPERATIONS = 1_000;

const plans = createPlanCache({ maxEntries: 2 * OPERATIONS, maxSourceLength: 10_000_000 });
let server: WebSocketServer;
let upstream: SubgraphSubscriptions;
let engine: SubscriptionEngine;
let supergraph: Supergraph;
/** Subscriptions that arrived, as the viewers they are for. */
let asked: string[] = [];

beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('message', async (data) => {
      const { type, id, payload } = JSON.parse(String(data));
      if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
      if (type !== 'subscribe') return;
      const { viewer } = await verifyClaims(payload.extensions.claims, CLAIMS_SECRET, 'subgraph');
      asked.push(nameOf(viewer));
      const extensions = { cursor: Buffer.from(nameOf(viewer)).toString('base64url') };
      socket.send(JSON.stringify({ id, type: 'next', payload: { data: null, extensions } }));
    });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sdl = await readFile(join(import.meta.dirname, '../../supergraph.graphql'), 'utf8');
  supergraph = buildSupergraph(sdl, { users: url, courses: url, progress: url, ai: url });
  const policy = fixedPolicy(GatewayPolicy.parse({}));
  const log = createLogger('test', { level: 'silent' });
  upstream = createSubgraphSubscriptions({ policy, claimsSecret: CLAIMS_SECRET, log });
  const executor = createPlanExecutor({ fetch: async () => ({ data: null }), log });
  const metrics = createSubscriptionMetrics(createMetrics('gateway'));
  engine = createSubscriptionEngine({
    ...{ executor, upstream, plans, policy, metrics, log },
    supergraph: { current: supergraph },
  });
});
afterAll(async () => {
  engine.close();
  await upstream.close();
  for (const client of server.clients) client.terminate();
  server.close();
});

const [ONE, TWO, FIRST, SECOND] = Array.from({ length: 4 }, () => randomUUID()) as [string, string, string, string];
const VIEWERS: readonly (Viewer | null)[] = [
  null,
  { id: ONE, sessionId: FIRST, roles: ['LEARNER'] },
  { id: ONE, sessionId: SECOND, roles: ['LEARNER'] },
  { id: ONE, sessionId: FIRST, roles: ['LEARNER', 'ADMIN'] },
  { id: TWO, sessionId: FIRST, roles: ['LEARNER'] },
];

function nameOf(viewer: Viewer | null): string {
  return viewer === null ? 'nobody' : [viewer.id, viewer.sessionId, ...viewer.roles].join(' ');
}

test(`two viewers with different claims never share a group, under ${OPERATIONS} random operations`, async () => {
  const seen = { independent: 0, dependent: 0 };
  for (let n = 0; n < OPERATIONS; n += 1) {
    const source = randomSubscription(createRandom(hash('viewer scope', n)));
    const outcome = await plans.lookup(supergraph, source, null, 100_000).plan();
    if (!outcome.ok) throw new Error(`${source}\n${outcome.errors[0]?.message}`);
    const { planned } = outcome;
    const coerced = coerceVariables(planned, {});
    if (!coerced.ok) throw coerced.errors[0];
    asked = [];
    const heard = VIEWERS.map((viewer) => ({ viewer, from: '' }));
    const leave = [...heard, ...heard].map((listener) => {
      const scope = { viewer: listener.viewer, requestId: `r${n}` };
      const live = engine.admit({ source, operationName: null, planned, ...coerced, scope, cursor: undefined });
      return live.open({
        next: ({ cursor = '' }) => {
          listener.from = Buffer.from(cursor, 'base64url').toString();
        },
        end: (errors) => expect.unreachable(String(errors)),
      });
    });
    await expect.poll(() => heard.every(({ from }) => from !== ''), { interval: 1 }).toBe(true);
    const { isViewerIndependent } = traitsOf(planned);
    const names = isViewerIndependent ? ['nobody'] : VIEWERS.map(nameOf);
    expect(asked.sort(), source).toEqual([...names].sort());
    for (const { viewer, from } of heard) expect(from, source).toBe(isViewerIndependent ? 'nobody' : nameOf(viewer));
    seen[isViewerIndependent ? 'independent' : 'dependent'] += 1;
    for (const subscription of leave) subscription.leave('client');
  }
  expect(seen.dependent).toBeGreaterThan(OPERATIONS / 4);
  expect(seen.independent).toBeGreaterThan(OPERATIONS / 50);
});

/** Half of them ask for what is declared to be the same for everybody wherever they can. */
function randomSubscription(random: Random): string {
  const root = supergraph.schema.getSubscriptionType();
  if (!root) throw new Error('The graph has no subscriptions.');
  const { viewerIndependent } = supergraph.live;
  const isCareful = random.chance(0.5);
  const allows = (type: string, field: string) => !isCareful || viewerIndependent.has(`${type}.${field}`);
  const fields = Object.values(root.getFields());
  const field = random.pick(fields.filter(({ name }) => allows(root.name, name)));
  return `subscription { ${write(random, field, 3, allows)} }`;
}

function write(
  random: Random,
  field: GraphQLField<unknown, unknown>,
  depth: number,
  allows: (type: string, field: string) => boolean,
): string {
  const given = field.args.filter(({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined);
  const values = given.map(({ name, type }) => `${name}: ${String(type).startsWith('[') ? '[]' : literal(type)}`);
  const head = values.length > 0 ? `${field.name}(${values.join(', ')})` : field.name;
  return `${head}${writeSelection(random, field.type, depth, allows)}`;
}

function literal(type: GraphQLOutputType | unknown): string {
  const name = String(getNamedType(type as GraphQLOutputType));
  return name === 'Int' || name === 'Float'
    ? '1'
    : name === 'Boolean'
      ? 'true'
      : '"01890000-0000-7000-8000-000000000001"';
}

function writeSelection(
  random: Random,
  type: GraphQLOutputType,
  depth: number,
  allows: (type: string, field: string) => boolean,
): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return '';
  if (isAbstractType(named) || !isObjectType(named)) return ' { __typename }';
  const fields = Object.values(named.getFields()).filter(
    ({ name, type: of }) => allows(named.name, name) && (depth > 0 || !isCompositeType(getNamedType(of))),
  );
  const chosen = fields.filter(() => random.chance(0.4)).slice(0, 4);
  const texts = chosen.map((field) => write(random, field, depth - 1, allows));
  return ` { ${texts.length > 0 ? texts.join(' ') : '__typename'} }`;
}
