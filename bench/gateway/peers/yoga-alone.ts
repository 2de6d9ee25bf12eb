/**
 * Yoga without a gateway and without subgraphs: what the door alone costs.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { buildSchema } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { root } from '../graph/data.ts';
import { readSettings } from './settings.ts';

const { port, publicFile } = readSettings();
const schema = buildSchema(readFileSync(publicFile, 'utf8'));
const answerFromMemory: Plugin = {
  onExecute: ({ args }) => {
    args.rootValue = root;
  },
};
const yoga = createYoga({
  schema,
  plugins: [answerFromMemory],
  graphiql: false,
  landingPage: false,
  logging: 'warn',
});
createServer(yoga).listen(port, '127.0.0.1');
