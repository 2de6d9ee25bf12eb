export { type BaseContext, type ContextSource, requireViewer, type Subscriber } from './context.ts';
export * from './create-subgraph.ts';
export { toGraphQLError } from './errors.ts';
export { filterEvents } from './iterators.ts';
export * from './live-topics.ts';
export { createLoader, type Loader } from './loader.ts';
export * from './pagination.ts';
export { DateScalar, DateTime } from './scalars.ts';
