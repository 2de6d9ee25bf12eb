/**
 * Builds the ai subgraph from its resources. Never listens, so that a test builds the same thing in process.
 */
import { readFileSync } from 'node:fs';
import type { Lifecycle } from '@lyceum/service-kit';
import { createSubgraph, DateTime } from '@lyceum/subgraph-kit';
import type { Resolvers } from './__generated__/resolver-types.ts';
import { type AiContext, createContext } from './context.ts';
import { jobsResolvers } from './jobs/jobs.resolvers.ts';
import type { Resources } from './resources.ts';
import { jobUpdatesResolvers } from './subscription/job-updates.resolvers.ts';

const typeDefs = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8');

const resolvers = [{ DateTime }, jobsResolvers, jobUpdatesResolvers] satisfies Resolvers[];

export function createServer(resources: Resources, life: Lifecycle) {
  return createSubgraph<AiContext>({
    name: 'ai',
    typeDefs,
    resolvers,
    claimsSecret: resources.claimsSecret,
    createContext: (source) => createContext(resources, source),
    foretell: resources.database.foretell,
    log: resources.log,
    metrics: resources.metrics,
    life,
    // Redis and the gateway are not listed: jobs are read and accepted without the one, read without the other.
    health: { database: () => resources.database.checkAny() },
  });
}
