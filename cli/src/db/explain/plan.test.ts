import { expect, test } from 'vitest';
import { largeScans, type PlanNode, renderPlan, type TableSize } from './plan.ts';

const seqScan = (relation: string, filter?: string): PlanNode => ({
  'Node Type': 'Seq Scan',
  'Relation Name': relation,
  ...(filter && { Filter: filter }),
});
const indexScan = (relation: string): PlanNode => ({
  'Node Type': 'Index Scan',
  'Relation Name': relation,
  'Index Name': `${relation}_idx`,
});
const over = (...Plans: PlanNode[]): PlanNode => ({ 'Node Type': 'Append', Plans });

const columns = ['id', 'learner_id', 'kind', 'occurred_at'];
const sizes = new Map<string, TableSize>([
  ['enrollment', { table: 'enrollment', rows: 50_000, columns }],
  ['theme', { table: 'theme', rows: 12, columns }],
  ['activity_2026_10', { table: 'activity', rows: 6_000, columns }],
  ['activity_2026_11', { table: 'activity', rows: 5_000, columns }],
  ['activity_default', { table: 'activity', rows: 0, columns }],
]);
const scansOf = (plan: PlanNode) => largeScans(plan, sizes, 10_000);

test('a large table that is read row by row is found at any depth, with an index over what the filter asks', () => {
  const plan = over(indexScan('theme'), over(seqScan('enrollment', "((learner_id = $1) AND (kind = 'A'::kind))")));
  expect(scansOf(plan)).toEqual([
    { table: 'enrollment', rows: 50_000, remedy: expect.stringContaining('ON "enrollment" (learner_id, kind)') },
  ]);
});

test('a large table without a filter has no index as its remedy', () => {
  expect(scansOf(seqScan('enrollment'))).toMatchObject([{ remedy: expect.stringContaining('read it in pages') }]);
});

test('small tables, indexes, and what is no table of ours may be read as the planner likes', () => {
  expect(scansOf(over(seqScan('theme'), indexScan('enrollment'), seqScan('pg_class')))).toEqual([]);
});

test('partitions count together, and only those that are read row by row', () => {
  const filter = '(learner_id = $1)';
  expect(scansOf(over(indexScan('activity_2026_10'), seqScan('activity_default', filter)))).toEqual([]);
  expect(scansOf(over(seqScan('activity_2026_10', filter), seqScan('activity_2026_11', filter)))).toMatchObject([
    { table: 'activity', rows: 11_000 },
  ]);
});

test('a plan is shown with partitions told once', () => {
  const children = ['activity_2026_10', 'activity_2026_11', 'activity_default'].map(indexScan);
  expect(renderPlan({ 'Node Type': 'Limit', Plans: [over(...children), seqScan('theme')] })).toEqual([
    'Limit',
    '  Append',
    '    Index Scan using activity_2026_10_idx on activity_2026_10',
    '    and 2 more alike',
    '  Seq Scan on theme',
  ]);
});
