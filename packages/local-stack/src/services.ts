/**
 * The processes that make up Lyceum: where each starts, which port it prefers, and how they are told of one another.
 */
import { fileURLToPath } from 'node:url';

export const SERVICES = {
  'embedded-model': { entry: 'packages/models/src/embedded/main.ts', port: 4006 },
  users: { entry: 'subgraphs/users/src/main.ts', port: 4001 },
  courses: { entry: 'subgraphs/courses/src/main.ts', port: 4002 },
  progress: { entry: 'subgraphs/progress/src/main.ts', port: 4003 },
  ai: { entry: 'subgraphs/ai/src/main.ts', port: 4004 },
  worker: { entry: 'workers/src/main.ts', port: 4005 },
  gateway: { entry: 'gateway/src/main.ts', port: 4000 },
} as const;
export type ServiceName = keyof typeof SERVICES;

/** In the order in which people think of them; each waits for what it needs by itself. */
export const SERVICE_NAMES = Object.keys(SERVICES) as ServiceName[];

export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** The variables that tell every service where the others are. Those without a port are left out. */
export function addressVariables(ports: Partial<Record<ServiceName, number>>): Record<string, string> {
  const variables: Record<string, string> = {};
  const add = (service: ServiceName, names: readonly string[], path: string) => {
    const port = ports[service];
    if (port === undefined) return;
    for (const name of names) variables[name] = `http://127.0.0.1:${port}${path}`;
  };
  add('gateway', ['GATEWAY_URL'], '/graphql');
  add('users', ['SUBGRAPH_URL_USERS'], '/graphql');
  add('users', ['JWKS_URL'], '/.well-known/jwks.json');
  add('courses', ['SUBGRAPH_URL_COURSES'], '/graphql');
  add('progress', ['SUBGRAPH_URL_PROGRESS'], '/graphql');
  add('ai', ['SUBGRAPH_URL_AI'], '/graphql');
  add('embedded-model', ['MODEL_EMBEDDED_URL'], '');
  return variables;
}
