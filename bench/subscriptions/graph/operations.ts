/**
 * What clients subscribe to, and what an event must have become on its way.
 */
import { root } from '../../gateway/graph/data.ts';

/** Events tell of so many products in turn: each is completed by a fetch, and the subgraph answers it from memory. */
const PRODUCTS = 8;
export const SLOW_BYTES = 64 * 1024;

export interface SubscribeParams {
  readonly operationName: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

const CHANGE = '{ sequence product { upc name price } }';

/** Nothing can be shared: everyone follows a topic of their own. */
export const own = (reader: string): SubscribeParams => ({
  operationName: 'Own',
  query: `subscription Own($reader: ID!) { orderChanged(reader: $reader) ${CHANGE} }`,
  variables: { reader },
});

/** Everything can be shared. */
export const shared: SubscribeParams = {
  operationName: 'Shared',
  query: `subscription Shared { shopChanged ${CHANGE} }`,
};

/** Of large events, for a client that may stop reading. */
export const large = (reader: string): SubscribeParams => ({
  operationName: 'Large',
  query: `subscription Large($reader: ID!) { orderChanged(reader: $reader) { sequence padding(bytes: ${SLOW_BYTES}) } }`,
  variables: { reader },
});

export const upcOf = (sequence: number) => `p${1 + (sequence % PRODUCTS)}`;

/** `data` of the event with this number. */
export function expectedData(field: 'orderChanged' | 'shopChanged', sequence: number): unknown {
  const { upc, name, price } = root
    .topProducts({ first: PRODUCTS })
    .find((product) => product.upc === upcOf(sequence)) as { upc: string; name: string; price: number };
  return { [field]: { sequence, product: { upc, name, price } } };
}
