/**
 * What one subgraph answers: computed by graphql-js when a body is first seen, remembered as bytes from then on.
 *
 * Whoever asks the same again costs one look-up, so that the subgraphs do not limit the gateways that are measured.
 * Nothing is verified and no header is read: peers send no claims.
 */
import { buildSchema, type GraphQLSchema, graphqlSync } from 'graphql';
import { readContract, type SubgraphName } from '../graph/contracts.ts';
import { findEntity, root } from '../graph/data.ts';

const ENTITIES: Record<SubgraphName, string> = {
  accounts: 'User',
  inventory: 'Product',
  products: 'Product',
  reviews: 'Review | User | Product',
};
/** Answers remembered; a run asks for far fewer. */
const MAX_ANSWERS = 20_000;
const MAX_BYTES = 512 * 1024 * 1024;

/** Takes the text of a request's body, one character a byte; returns the bytes of the whole HTTP response. */
export type Answer = (body: string) => Buffer;

export function createSubgraph(name: SubgraphName): Answer {
  const schema = executableSchema(name);
  const answers = new Map<string, Buffer>();
  let bytes = 0;
  return (body) => {
    let answer = answers.get(body);
    if (!answer) {
      answer = httpResponse(200, compute(name, schema, Buffer.from(body, 'latin1').toString('utf8')));
      bytes += answer.length + body.length;
      if (answers.size >= MAX_ANSWERS || bytes > MAX_BYTES) {
        answers.clear();
        bytes = answer.length + body.length;
      }
      answers.set(body, answer);
    }
    return answer;
  };
}

export function httpResponse(status: number, json: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'No'}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  );
}

/** Built without validation: the directives of federation say nothing to an executor. */
function executableSchema(name: SubgraphName): GraphQLSchema {
  const contract = readContract(name);
  const query = '_entities(representations: [_Any!]!): [_Entity]! _service: _Service!';
  return buildSchema(
    `${contract}
    scalar _Any
    type _Service { sdl: String! }
    union _Entity = ${ENTITIES[name]}
    ${contract.includes('type Query') ? 'extend ' : ''}type Query { ${query} }`,
    { assumeValidSDL: true },
  );
}

function compute(name: SubgraphName, schema: GraphQLSchema, body: string): string {
  const { query, variables, operationName } = JSON.parse(body) as {
    query: string;
    variables?: Record<string, unknown>;
    operationName?: string;
  };
  const rootValue = {
    ...root,
    _service: { sdl: readContract(name) },
    _entities: ({ representations }: { representations: Record<string, unknown>[] }) =>
      representations.map((representation) => resolveReference(name, representation)),
  };
  return JSON.stringify(graphqlSync({ schema, source: query, rootValue, variableValues: variables, operationName }));
}

/** The inventory owns neither price nor weight: it takes what it is sent, so that a gateway that forgets them fails. */
function resolveReference(name: SubgraphName, representation: Record<string, unknown>): unknown {
  const entity = findEntity(representation);
  if (!entity || name !== 'inventory') return entity;
  return { ...entity, price: representation.price, weight: representation.weight };
}
