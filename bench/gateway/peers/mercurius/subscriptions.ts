/**
 * Mercurius' gateway for subscriptions: one socket to the subgraph of events, on which equal subscriptions are one.
 *
 * That subgraph believes signed claims alone. They are given once, with the socket: all that is asked on it must be asked
 * within a minute of the start.
 */
import { signClaims } from '@lyceum/service-kit';
import gateway from '@mercuriusjs/gateway';
import Fastify from 'fastify';
import { readSettings } from '../settings.ts';

const orders = `
  extend type Query { openOrders: Int! }
  extend type Subscription { orderChanged(reader: ID!): OrderChange! shopChanged: OrderChange! }
  type OrderChange { sequence: Int! padding(bytes: Int!): String! product: Product! }
  extend type Product @key(fields: "upc") { upc: ID! @external }`;
const products = `
  extend type Query { topProducts(first: Int! = 5): [Product!]! }
  type Product @key(fields: "upc") { upc: ID! name: String! price: Int! }`;

const { port, urls, claimsSecret } = readSettings<{
  urls: Record<'orders' | 'products', string>;
  claimsSecret: string;
}>();
const app = Fastify();
app.register(gateway, {
  subscription: true,
  gateway: {
    services: [
      {
        name: 'orders',
        url: urls.orders,
        schema: orders,
        wsUrl: urls.orders.replace('http', 'ws'),
        wsConnectionParams: {
          connectionInitPayload: () => ({
            claims: signClaims({ requestId: 'peer', viewer: null }, claimsSecret, 'subgraph'),
          }),
        },
      },
      { name: 'products', url: urls.products, schema: products },
    ],
  },
});
await app.listen({ port, host: '127.0.0.1' });
