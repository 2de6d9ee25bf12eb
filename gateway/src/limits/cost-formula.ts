/**
 * The cost of an operation as a sum of products: what depends on variables is worked out per request, all else once.
 */
export type Variables = Readonly<Record<string, unknown>>;

/** How many objects a list may hold. */
export type Size = number | SizeByVariable;

export interface SizeByVariable {
  /** Equal sizes have equal keys. */
  readonly key: string;
  of(variables: Variables): number;
}

interface Product {
  readonly coefficient: number;
  readonly sizes: readonly SizeByVariable[];
}

/** Products by the keys of their sizes; the one without sizes is the part that is known. */
export type CostFormula = ReadonlyMap<string, Product>;

export function fixedCost(coefficient: number): CostFormula {
  return new Map([['', { coefficient, sizes: [] }]]);
}

export function sumOf(formulas: Iterable<CostFormula>): CostFormula {
  const sum = new Map<string, Product>();
  for (const formula of formulas) {
    for (const [key, { coefficient, sizes }] of formula) {
      sum.set(key, { coefficient: coefficient + (sum.get(key)?.coefficient ?? 0), sizes });
    }
  }
  return sum;
}

export function multiply(size: Size, formula: CostFormula): CostFormula {
  const products = [...formula].map(([key, { coefficient, sizes }]): [string, Product] =>
    typeof size === 'number'
      ? [key, { coefficient: coefficient * size, sizes }]
      : [`${size.key} ${key}`, { coefficient, sizes: [size, ...sizes] }],
  );
  return new Map(products);
}

export function evaluate(formula: CostFormula, variables: Variables): number {
  let cost = 0;
  for (const { coefficient, sizes } of formula.values()) {
    let product = coefficient;
    for (const size of sizes) product *= size.of(variables);
    cost += product;
  }
  return cost;
}
