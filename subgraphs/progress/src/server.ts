/**
 * Builds the progress subgraph from its resources. Never listens, so that a test builds the same thing in process.
 */
import { readFileSync } from 'node:fs';
import type { Lifecycle } from '@lyceum/service-kit';
import { createSubgraph, DateScalar, DateTime } from '@lyceum/subgraph-kit';
import type { Resolvers } from './__generated__/resolver-types.ts';
import { activityResolvers } from './activity/activity.resolvers.ts';
import { answersResolvers } from './answers/answers.resolvers.ts';
import { completionResolvers } from './completion/completion.resolvers.ts';
import { createContext, type ProgressContext } from './context.ts';
import { enrollmentResolvers } from './enrollment/enrollment.resolvers.ts';
import { leaderboardResolvers } from './leaderboard/leaderboard.resolvers.ts';
import { openLeaderboards } from './leaderboard/leaderboards.ts';
import type { Resources } from './resources.ts';
import { streakResolvers } from './streak/streak.resolvers.ts';
import { courseActivityResolvers } from './subscription/course-activity.resolvers.ts';
import { updatesResolvers } from './subscription/updates.resolvers.ts';

const typeDefs = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8');

const resolvers = [
  { DateTime, Date: DateScalar },
  enrollmentResolvers,
  completionResolvers,
  answersResolvers,
  activityResolvers,
  streakResolvers,
  updatesResolvers,
  courseActivityResolvers,
  leaderboardResolvers,
] satisfies Resolvers[];

export function createServer(resources: Resources, life: Lifecycle) {
  const leaderboards = openLeaderboards(resources, life);
  return createSubgraph<ProgressContext>({
    name: 'progress',
    typeDefs,
    resolvers,
    claimsSecret: resources.claimsSecret,
    createContext: (source) => createContext(resources, leaderboards, source),
    foretell: resources.database.foretell,
    log: resources.log,
    metrics: resources.metrics,
    life,
    // Redis is not listed: progress is read and recorded without it, and restarting this process would not bring it back.
    health: { database: () => resources.database.checkAny() },
  });
}
