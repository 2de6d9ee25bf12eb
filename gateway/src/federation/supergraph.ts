export { buildSupergraph, type Supergraph } from './supergraph/build-supergraph.ts';
