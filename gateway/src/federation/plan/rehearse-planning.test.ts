import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseOperation } from '../parse-operation.ts';
import { buildSupergraph } from '../supergraph/build-supergraph.ts';
import { planOperation } from './plan-operation.ts';
import { rehearsePlanning, rootFieldOperations } from './rehearse-planning.ts';

const supergraph = buildSupergraph(readFileSync(new URL('../../../../supergraph.graphql', import.meta.url), 'utf8'));

test('every root field of the real graph is rehearsed by an operation that plans', async () => {
  const sources = rootFieldOperations(supergraph.schema);
  const refused = sources.filter((source) => !planOperation(supergraph, parseOperation(source, null)).ok);
  expect(refused).toEqual([]);
  expect(sources).toContainEqual(expect.stringMatching(/^mutation\(\$input: GenerateQuizInput!\) \{ generateQuiz/));
  expect(await rehearsePlanning(supergraph)).toBe(sources.length);
});
