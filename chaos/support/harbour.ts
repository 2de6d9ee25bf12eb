/**
 * A small graph of two subgraphs, both answered by one server, in any number of editions that answer alike.
 *
 * An edition differs from the one before in its types and in which subgraph is asked for a ship's dues. The text is what
 * composition would give; the filler makes it as large as a real graph's.
 */
import { createServer } from 'node:http';
import { listenOn } from '@lyceum/service-kit';
import { buildSchema, execute, parse } from 'graphql';

/** What every edition answers. */
export const SHIPS = Array.from({ length: 10 }, (_, n) => ({
  __typename: 'Ship',
  id: `s${n}`,
  flag: n % 2 === 0 ? 'NL' : 'PT',
  tons: 100 * n,
  dues: n + 0.5,
  berth: n,
}));

const FILLER_TYPES = 120;

export function harbourEdition(edition: number, url: string): string {
  const [asked, other] = edition % 2 === 0 ? ['HARBOUR', 'FLEET'] : ['FLEET', 'HARBOUR'];
  const filler = Array.from(
    { length: FILLER_TYPES },
    (_, n) => `type Filler${n} @join__type(graph: HARBOUR, key: "id") {
  id: ID!
  name: String
  edition${edition}: Int
  next: Filler${(n + 1) % FILLER_TYPES}
}`,
  ).join('\n');
  return `${HEADER}
enum join__Graph {
  FLEET @join__graph(name: "fleet", url: "${url}/fleet")
  HARBOUR @join__graph(name: "harbour", url: "${url}/harbour")
}
type Query @join__type(graph: FLEET) @join__type(graph: HARBOUR) {
  ships: [Ship!]! @join__field(graph: FLEET)
  "Answers after a while."
  late(ms: Int!): [Ship!]! @join__field(graph: FLEET)
  filler: Filler0 @join__field(graph: HARBOUR)
}
type Ship @join__type(graph: FLEET, key: "id") @join__type(graph: HARBOUR, key: "id") {
  id: ID!
  flag: String! @join__field(graph: FLEET)
  tons: Int @join__field(graph: FLEET)
  berth: Int @join__field(graph: HARBOUR)
  "Not of ${other} in this edition."
  dues: Float @join__field(graph: ${asked})
}
${filler}
`;
}

/** Answers for both subgraphs whatever the edition. */
export async function serveHarbour(): Promise<{ readonly url: string; close(): void }> {
  const schema = buildSchema(`
    scalar _Any
    union _Entity = Ship
    type Ship { id: ID! flag: String! tons: Int dues: Float berth: Int }
    type Query { ships: [Ship!]! late(ms: Int!): [Ship!]! _entities(representations: [_Any!]!): [_Entity]! }`);
  const rootValue = {
    ships: SHIPS,
    late: async ({ ms }: { ms: number }) => {
      await new Promise((done) => setTimeout(done, ms));
      return SHIPS;
    },
    _entities: ({ representations }: { representations: { id: string }[] }) =>
      representations.map(({ id }) => SHIPS.find((ship) => ship.id === id)),
  };
  const server = createServer(async (req, res) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of req) chunks.push(chunk as Uint8Array);
    const { query, variables } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const result = await execute({ schema, document: parse(query), rootValue, variableValues: variables });
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  });
  server.keepAliveTimeout = 60_000;
  const { url } = await listenOn(server, 0, '127.0.0.1');
  return {
    url,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const HEADER = `schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }`;
