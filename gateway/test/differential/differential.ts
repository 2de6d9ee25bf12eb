/**
 * Case by case: the seed and the number decide family, operation and world. A difference is made small at once.
 */
import { families } from './families/index.ts';
import { addDefers } from './generate-defers.ts';
import { type GeneratedOperation, generateOperation } from './generate-operation.ts';
import { createRandom, hash } from './random.ts';
import { createRig, type Outcome, type Rig } from './rig.ts';
import { shrink } from './shrink.ts';

export interface Counterexample {
  readonly family: string;
  /** Of the world. */
  readonly seed: number;
  readonly faultRate: number;
  readonly operation: GeneratedOperation;
  readonly outcome: Outcome;
}

export interface Figures {
  operations: number;
  fetches: number;
  withErrors: number;
  /** Operations that were thrown away because they were not valid. */
  invalid: number;
  /** Operations of which the answer came in parts. */
  inParts: number;
  differences: number;
}

export interface Differential {
  readonly figures: Readonly<Figures>;
  readonly rigs: readonly Rig[];
  /** Resolves to null when both sides agree on case `n`. */
  check(n: number): Promise<Counterexample | null>;
}

/** `only` names the families to go through; all when it is left out. With `defer`, operations have `@defer` in them. */
export function createDifferential(seed: number, only?: readonly string[], { defer = false } = {}): Differential {
  const rigs = families.filter(({ name }) => !only || only.includes(name)).map(createRig);
  const figures: Figures = { operations: 0, fetches: 0, withErrors: 0, invalid: 0, inParts: 0, differences: 0 };

  function generate(rig: Rig, caseSeed: number): GeneratedOperation {
    for (let attempt = 0; ; attempt += 1) {
      const operation = generateOperation(rig.schema, createRandom(hash(caseSeed, 'operation', attempt)));
      if (rig.isValid(operation.source)) {
        if (!defer) return operation;
        return addDefers(rig.schema, operation, createRandom(hash(caseSeed, 'defer')));
      }
      figures.invalid += 1;
    }
  }

  return {
    figures,
    rigs,
    async check(n) {
      const rig = rigs[n % rigs.length] as Rig;
      const caseSeed = hash(seed, n);
      const faultRate = [0, 0, 0.02, 0.08][hash(caseSeed, 'faults') % 4] as number;
      const operation = generate(rig, caseSeed);
      const outcome = await rig.run(operation, caseSeed, faultRate);
      figures.operations += 1;
      figures.fetches += outcome.fetches.length;
      if (outcome.expected.errors) figures.withErrors += 1;
      if (outcome.inParts) figures.inParts += 1;
      if (outcome.difference === null) return null;
      figures.differences += 1;
      const smallest = await shrink(operation, async (candidate) => {
        if (!rig.isValid(candidate.source)) return false;
        return (await rig.run(candidate, caseSeed, faultRate)).difference !== null;
      });
      return {
        family: rig.graph.family.name,
        seed: caseSeed,
        faultRate,
        operation: smallest,
        outcome: await rig.run(smallest, caseSeed, faultRate),
      };
    },
  };
}

/** For people: everything that is needed to see the difference again. */
export function describe({ family, seed, faultRate, operation, outcome }: Counterexample): string {
  const { expected, actual, difference, fetches } = outcome;
  return [
    `family ${family}, world ${seed}, faults ${faultRate}: ${difference}`,
    operation.source,
    `variables ${JSON.stringify(operation.variables)}`,
    ...fetches.map(({ subgraph, request }) =>
      `fetch from ${subgraph}: ${request.query} ${JSON.stringify(request.variables ?? {})}`.slice(0, 1_500),
    ),
    `expected ${JSON.stringify(expected)}`.slice(0, 3_000),
    `actual   ${JSON.stringify(actual)}`.slice(0, 3_000),
  ].join('\n');
}
