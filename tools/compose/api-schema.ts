/**
 * The schema that clients see: the committed supergraph without what federation adds to it.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Supergraph } from '@apollo/federation-internals';
import type { GraphQLSchema } from 'graphql';
import { repositoryRoot } from '../graph/supergraph-config.ts';

export function readApiSchema(): GraphQLSchema {
  const sdl = readFileSync(path.join(repositoryRoot, 'supergraph.graphql'), 'utf8');
  return Supergraph.build(sdl).apiSchema().toGraphQLJSSchema();
}
