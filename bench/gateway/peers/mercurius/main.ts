/**
 * Mercurius' gateway. In a folder of its own, because its release does not work with the graphql of the others.
 *
 * It composes by itself, from contracts in the language of the first federation.
 */
import gateway from '@mercuriusjs/gateway';
import Fastify from 'fastify';
import { readContract, subgraphNames } from '../../graph/contracts.ts';
import { readSettings } from '../settings.ts';

const OWN_TYPES = { accounts: ['User'], inventory: [], products: ['Product'], reviews: ['Review'] } as const;

/** Types of others are extended, with their keys as external fields; so are the root types. */
function firstFederation(name: (typeof subgraphNames)[number]): string {
  return readContract(name).replaceAll(
    /type (\w+)([^{]*){([^}]*)}/g,
    (whole, type: string, directives: string, fields: string) => {
      if ((OWN_TYPES[name] as readonly string[]).includes(type)) return whole;
      const external = type === 'Query' ? fields : fields.replace(/(id|upc): ID!/, '$1: ID! @external');
      return `extend type ${type}${directives}{${external}}`;
    },
  );
}

const { port, urls } = readSettings();
const app = Fastify();
app.register(gateway, {
  gateway: { services: subgraphNames.map((name) => ({ name, url: urls[name], schema: firstFederation(name) })) },
});
await app.listen({ port, host: '127.0.0.1' });
