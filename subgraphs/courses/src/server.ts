/**
 * Builds the courses subgraph from its resources. Never listens, so that a test builds the same thing in process.
 */
import { readFileSync } from 'node:fs';
import type { Lifecycle } from '@lyceum/service-kit';
import { createSubgraph, DateTime } from '@lyceum/subgraph-kit';
import type { Resolvers } from './__generated__/resolver-types.ts';
import { authoringResolvers } from './authoring/authoring.resolvers.ts';
import { catalogueResolvers } from './catalogue/catalogue.resolvers.ts';
import { contentResolvers } from './content/content.resolvers.ts';
import { type CoursesContext, createContext } from './context.ts';
import type { Resources } from './resources.ts';

const typeDefs = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8');

const resolvers = [{ DateTime }, catalogueResolvers, contentResolvers, authoringResolvers] satisfies Resolvers[];

export function createServer(resources: Resources, life: Lifecycle) {
  return createSubgraph<CoursesContext>({
    name: 'courses',
    typeDefs,
    resolvers,
    claimsSecret: resources.claimsSecret,
    createContext: (base) => createContext(resources, base),
    foretell: resources.database.foretell,
    log: resources.log,
    metrics: resources.metrics,
    life,
    // Redis is not listed: reads go on without it, and restarting this process would not bring it back.
    health: { database: () => resources.database.checkAny() },
  });
}
