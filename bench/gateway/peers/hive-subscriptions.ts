/**
 * Hive Gateway for subscriptions, set up as its own command does it: graphql-ws to clients and to the subgraph of events.
 *
 * That subgraph believes signed claims alone, so a plugin signs them when a client subscribes. Nothing else is added.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createGatewayRuntime, getGraphQLWSOptions } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import { signClaims } from '@lyceum/service-kit';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { readSettings } from './settings.ts';

const { port, supergraphFile, variant, claimsSecret } = readSettings<{ claimsSecret: string }>();
const runtime = createGatewayRuntime({
  supergraph: readFileSync(supergraphFile, 'utf8'),
  ...(variant === 'rust' && { unifiedGraphHandler }),
  transportEntries: { orders: { options: { subscriptions: { kind: 'ws', location: '/graphql' } } } },
  plugins: () => [
    {
      onSubgraphExecute({ subgraphName, executionRequest, setExecutionRequest }) {
        if (subgraphName.toLowerCase() !== 'orders') return;
        const claims = signClaims({ requestId: 'peer', viewer: null }, claimsSecret, 'subgraph');
        setExecutionRequest({ ...executionRequest, extensions: { ...executionRequest.extensions, claims } });
      },
    },
  ],
  graphiql: false,
  landingPage: false,
  logging: 'warn',
});
await runtime.getSchema();
const server = createServer(runtime);
useServer(
  getGraphQLWSOptions(runtime, ({ extra }) => ({ req: extra.request, socket: extra.socket })),
  new WebSocketServer({ path: runtime.graphqlEndpoint, server }),
);
server.listen(port, '127.0.0.1');
