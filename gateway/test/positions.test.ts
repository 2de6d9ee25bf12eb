/**
 * What one fetch of an operation has committed, the later ones must not read from before: positions go from answer to request.
 */
import { POSITIONS_HEADER } from '@lyceum/contracts';
import { createLifecycle, createLogger, createMetrics } from '@lyceum/service-kit';
import { type ContextSource, createSubgraph } from '@lyceum/subgraph-kit';
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openGateway, type TestGateway } from './harness.ts';
import { CLAIMS_SECRET, type SubgraphSource } from './subgraphs.ts';

const FIRST = { place: 'movers/s1', position: '00000000/0000000A' };
const SECOND = { place: 'movers/s2', position: '00000000/0000000B' };

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';
const PLACES = `${LINK}
  type Parcel @key(fields: "id") { id: ID! place: String! }
  type Query { parcel(id: ID!): Parcel }`;
const MOVERS = `${LINK}
  type Parcel @key(fields: "id", resolvable: false) { id: ID! }
  type Query { lost: Parcel }
  type Mutation { move(id: ID!): Parcel! weigh(id: ID!): Parcel! }`;

let gateway: TestGateway;
const life = createLifecycle({ log: createLogger('test', { level: 'silent' }), drainMs: 200 });
/** What `places` was told, in order. */
let told: Readonly<Record<string, string>>[];

async function serve(name: string, typeDefs: string, resolvers: object): Promise<SubgraphSource> {
  const log = createLogger('test', { level: 'silent' });
  const options = { name, typeDefs, resolvers, claimsSecret: CLAIMS_SECRET, log, metrics: createMetrics(name), life };
  const { url } = await createSubgraph<ContextSource>({ ...options, createContext: (source) => source }).listen(
    0,
    '127.0.0.1',
  );
  return { name, url: `${url}/graphql`, typeDefs };
}

beforeAll(async () => {
  gateway = await openGateway();
  const parcel = (_: unknown, { id }: { id: string }) => ({ id });
  const commit = ({ place, position }: typeof FIRST) => ({
    resolve: (_: unknown, { id }: { id: string }, { positions }: ContextSource) => {
      positions.committed(place, position);
      return { id };
    },
  });
  const look = ({ id }: { id: string }, _: unknown, { positions }: ContextSource) => {
    told.push(positions.known);
    return `where ${id} is`;
  };
  const [places, movers] = await Promise.all([
    serve('places', PLACES, { Query: { parcel }, Parcel: { __resolveReference: (of: object) => of, place: look } }),
    serve('movers', MOVERS, {
      Query: { lost: () => ({ id: 'lost' }) },
      Mutation: { move: commit(FIRST).resolve, weigh: commit(SECOND).resolve },
    }),
  ]);
  await gateway.setSupergraph(gateway.subgraphs.compose(places, movers));
  await eventually(async () => (await gateway.ask('{ lost { id } }')).errors === undefined);
});
afterAll(async () => {
  await gateway?.close();
  await life.close();
});
beforeEach(() => {
  told = [];
});

test('the fetch that completes a mutation’s answer is told what the mutation has committed', async () => {
  const { data, errors, headers, extensions } = await gateway.ask('mutation { move(id: "1") { place } }');
  expect(errors).toBeUndefined();
  expect(data).toEqual({ move: { place: 'where 1 is' } });
  expect(told).toEqual([{ [FIRST.place]: FIRST.position }]);
  expect(headers.get(POSITIONS_HEADER)).toBeNull();
  expect(extensions).toBeUndefined();
});

test('what several mutations have committed is told together', async () => {
  await gateway.ask('mutation { move(id: "1") { place } weigh(id: "2") { place } }');
  const both = { [FIRST.place]: FIRST.position, [SECOND.place]: SECOND.position };
  expect(told.at(-1)).toEqual(both);
});

test('an operation that has committed nothing tells nothing, and the next one knows nothing of the one before', async () => {
  await gateway.ask('mutation { move(id: "1") { place } }');
  await gateway.ask('{ lost { place } }');
  expect(told).toEqual([{ [FIRST.place]: FIRST.position }, {}]);
});

test('positions of a client are not believed', async () => {
  const headers = { [POSITIONS_HEADER]: 'movers/s1=FFFFFFFF/FFFFFFFF' };
  expect((await gateway.ask('{ lost { place } }', { headers })).data).toEqual({ lost: { place: 'where lost is' } });
  expect(told).toEqual([{}]);
});

test('who must see a commit does not share an answer with who need not', async () => {
  const lost = '{ lost { place } }';
  await Promise.all([lost, 'mutation { move(id: "lost") { place } }', lost].map((text) => gateway.ask(text)));
  expect(told).toContainEqual({ [FIRST.place]: FIRST.position });
  expect(told).toContainEqual({});
});
