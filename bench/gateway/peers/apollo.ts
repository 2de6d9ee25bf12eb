/**
 * Apollo Server over `@apollo/gateway`; the variant `undici` with another client for subgraphs.
 */
import { readFileSync } from 'node:fs';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { readSettings } from './settings.ts';
import { createUndiciSource } from './undici-source.ts';

const { port, supergraphFile, variant } = readSettings();
const gateway = new ApolloGateway({
  supergraphSdl: readFileSync(supergraphFile, 'utf8'),
  ...(variant === 'undici' && { buildService: ({ url }) => createUndiciSource(url ?? '') }),
});
const server = new ApolloServer({ gateway, introspection: false });
await startStandaloneServer(server, { listen: { port, host: '127.0.0.1' } });
