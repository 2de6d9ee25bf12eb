/**
 * What fails is made small, and stays a valid operation that fails.
 */
import { expect, test } from 'vitest';
import { shop } from './families/shop.ts';
import type { GeneratedOperation } from './generate-operation.ts';
import { createRig } from './rig.ts';
import { shrink } from './shrink.ts';

const rig = createRig(shop);

test('everything that a failure does not need goes away: selections, fragments, directives, arguments, variables', async () => {
  const operation: GeneratedOperation = {
    source: `query Op($on: Boolean!, $first: Int) {
      ...Root @include(if: $on)
      version
    }
    fragment Root on Query {
      list: products(first: $first) { ... on Product @skip(if: false) { name reviews { ...Review } } twin: id }
    }
    fragment Review on Review { stars author { name email } }`,
    variables: { on: true, first: 2 },
  };
  expect(rig.isValid(operation.source)).toBe(true);
  const fails = async ({ source }: GeneratedOperation) => rig.isValid(source) && source.includes('email');
  const { source, variables } = await shrink(operation, fails);
  expect(source.replace(/\s+/g, ' ')).toBe('query Op { products { reviews { author { email } } } }');
  expect(variables).toStrictEqual({});
});
