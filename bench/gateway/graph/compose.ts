/**
 * The graph that the four contracts compose to.
 */
import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { type GraphQLSchema, parse } from 'graphql';
import { readContract, type SubgraphUrls, subgraphNames } from './contracts.ts';

const LINK = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires", "@shareable"])
`;

export function composeSupergraph(urls: SubgraphUrls): string {
  return compose(subgraphNames.map((name) => ({ name, url: urls[name], contract: LINK + readContract(name) })));
}

/** Throws with all of composition's messages. */
export function compose(subgraphs: readonly { name: string; url: string; contract: string }[]): string {
  const { supergraphSdl, errors } = composeServices(
    subgraphs.map(({ name, url, contract }) => ({ name, url, typeDefs: parse(contract) })),
  );
  if (!supergraphSdl) throw new Error(errors?.map(({ message }) => message).join('\n') ?? 'nothing was composed');
  return supergraphSdl;
}

/** What clients see, as one schema without resolvers. */
export function publicSchema(supergraphSdl: string): GraphQLSchema {
  return Supergraph.build(supergraphSdl).apiSchema().toGraphQLJSSchema();
}
