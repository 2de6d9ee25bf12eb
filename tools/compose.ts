/**
 * `npm run compose`: composes the subgraphs of supergraph.yaml into the committed supergraph.graphql.
 *
 * With `--check` nothing is written; a drift ends with exit code 1. Composition errors are printed with their code,
 * subgraph and line, so that the mend is in sight.
 */
import { composeServices } from '@apollo/composition';
import { GraphQLError, parse } from 'graphql';
import { modeFromArguments, putGenerated } from './graph/generated-file.ts';
import { readSubgraphs, type SubgraphSource } from './graph/supergraph-config.ts';

function parseSubgraph(subgraph: SubgraphSource) {
  try {
    return { name: subgraph.name, url: subgraph.url, typeDefs: parse(subgraph.sdl) };
  } catch (error) {
    const at = error instanceof GraphQLError ? error.locations?.[0] : undefined;
    throw new Error(`${subgraph.schemaFile}:${at?.line ?? 1}:${at?.column ?? 1} ${(error as Error).message}`);
  }
}

function describe(error: GraphQLError, subgraphs: readonly SubgraphSource[]): string {
  const places = (error.nodes ?? []).flatMap((node) => {
    const owner = (node as { subgraph?: string }).subgraph;
    const file = subgraphs.find(({ name }) => name === owner)?.schemaFile;
    return node.loc && file ? [`${file}:${node.loc.startToken.line}:${node.loc.startToken.column}`] : [];
  });
  return `  ${error.extensions.code ?? 'ERROR'}  ${error.message}${places.map((place) => `\n      at ${place}`).join('')}`;
}

function main(): void {
  const subgraphs = readSubgraphs();
  const result = composeServices(subgraphs.map(parseSubgraph));
  if (result.errors) {
    console.error(`The subgraphs do not compose (${result.errors.length}):`);
    for (const error of result.errors) console.error(describe(error, subgraphs));
    process.exitCode = 1;
    return;
  }
  for (const hint of result.hints ?? []) console.log(`  hint  ${hint.message}`);
  const mode = modeFromArguments(process.argv);
  const same = putGenerated('supergraph.graphql', `${result.supergraphSdl.trimEnd()}\n`, mode);
  if (!same && mode === 'check') {
    console.error('supergraph.graphql is out of date: run `npm run compose` and commit it.');
    process.exitCode = 1;
  }
}

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
