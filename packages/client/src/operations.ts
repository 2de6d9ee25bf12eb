/**
 * What a client may ask, and how it is written into a request: as text, or as the id of a document that the server knows.
 */
import type { DocumentTypeDecoration, TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type DocumentNode, type OperationTypeNode, parse, print } from 'graphql';
import { LyceumClientError } from './errors.ts';

/** Text, a document, or a string that carries types, as code generators write them. Typed ones type data and variables. */
export type Operation<Data, Variables> =
  | string
  | TypedDocumentNode<Data, Variables>
  | (DocumentTypeDecoration<Data, Variables> & (DocumentNode | InstanceType<typeof String>));

/** The parameters of a request, as GraphQL over HTTP and graphql-transport-ws name them. */
export interface RequestParams {
  readonly query?: string;
  /** In place of the text: GraphQL over HTTP, appendix on persisted documents. */
  readonly documentId?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** The id under which the server knows the document; undefined to send its text. */
export type DocumentIdOf = (document: object) => string | undefined;

/** Where GraphQL Code Generator puts it. */
export const hashInMeta: DocumentIdOf = (document) => {
  const { hash } = (document as { __meta__?: { hash?: unknown } }).__meta__ ?? {};
  return typeof hash === 'string' ? hash : undefined;
};

/** Throws BAD_INPUT for a document of another type than `type`. One that the server alone knows may be of any. */
export function paramsOf(
  operation: string | object,
  variables: unknown,
  operationName: string | undefined,
  type: `${OperationTypeNode}`,
  documentIdOf: DocumentIdOf,
): RequestParams {
  const documentId = typeof operation === 'string' ? undefined : documentIdOf(operation);
  const { text, types } = read(operation);
  if (text === '' && documentId === undefined) {
    throw new LyceumClientError('BAD_INPUT', 'The document is empty and carries no id.');
  }
  const found = types.get(operationName ?? null);
  if (found !== undefined && found !== type) {
    throw new LyceumClientError('BAD_INPUT', `The operation is a ${found}: ask for it by ${METHOD[found]}.`);
  }
  return {
    ...(documentId === undefined ? { query: text } : { documentId }),
    ...(variables !== undefined && { variables: variables as Record<string, unknown> }),
    ...(operationName !== undefined && { operationName }),
  };
}

const METHOD = { query: '`query`', mutation: '`mutate`', subscription: '`subscribe`' } as const;

interface Read {
  readonly text: string;
  /** By operation name; by null where there is one operation alone. Empty if the text is not here, or does not parse. */
  readonly types: ReadonlyMap<string | null, `${OperationTypeNode}`>;
}

/** Documents live as long as the code that holds them. Texts may be made up at run time: they are not kept. */
const known = new WeakMap<object, Read>();

function read(operation: string | object): Read {
  if (typeof operation === 'string' || operation instanceof String) {
    const text = String(operation);
    return { text, types: typesIn(text) };
  }
  let found = known.get(operation);
  if (!found) {
    const document = operation as Partial<DocumentNode>;
    const isHere = (document.definitions?.length ?? 0) > 0;
    found = isHere ? { text: print(document as DocumentNode), types: typesOf(document as DocumentNode) } : ABSENT;
    known.set(operation, found);
  }
  return found;
}

const ABSENT: Read = { text: '', types: new Map() };

function typesIn(text: string): Read['types'] {
  try {
    return typesOf(parse(text, { noLocation: true }));
  } catch {
    // The server says better what is wrong with it.
    return ABSENT.types;
  }
}

function typesOf({ definitions }: DocumentNode): Read['types'] {
  const operations = definitions.filter((definition) => definition.kind === 'OperationDefinition');
  const named = operations.map(({ name, operation }) => [name?.value ?? null, operation] as const);
  const [only, ...others] = operations;
  return new Map(only && others.length === 0 ? [...named, [null, only.operation]] : named);
}
