/**
 * `npm run bench -- gateway-growth`: how speed changes while one thing grows and all else stays.
 */
import type { BenchOptions } from '../options.ts';
import { count, milliseconds, writeTable } from '../table.ts';
import type { BenchOperation } from './graph/operations.ts';
import type { Participant } from './participants.ts';
import type { Rig, Seen } from './rig.ts';

interface Point {
  readonly value: number;
  readonly operations: readonly BenchOperation[];
  readonly connections?: number;
}
interface Series {
  readonly name: string;
  readonly grows: string;
  readonly points: readonly Point[];
}

export interface GrowthFigures {
  readonly series: string;
  readonly value: number;
  readonly participant: string;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly residentMb: number;
  readonly failure: string | null;
}

const operation = (name: string, selection: string): BenchOperation => ({ name, query: `query ${name} ${selection}` });

/** One product, its first review, the author, their first review, its product and so on: two fetches for each step. */
function chain(steps: number): string {
  let inner = '';
  for (let step = steps; step > 0; step -= 1) {
    inner =
      step % 2 === 1
        ? `name reviews(first: 1) { id author { id ${inner || 'name'} } }`
        : `name reviews(first: 1) { id product { upc ${inner || 'name'} } }`;
  }
  return `{ topProducts(first: 1) { upc ${inner} } }`;
}

const listing = operation('Listing', '{ topProducts(first: 10) { upc name price inStock } }');

const series: readonly Series[] = [
  {
    name: 'response-size',
    grows: 'KB of answer, one fetch of ten products',
    points: [1, 10, 100, 1_000].map((value) => ({
      value,
      operations: [
        operation(
          'Size',
          `{ topProducts(first: 10) { upc description(characters: ${Math.max(1, value * 100 - 30)}) } }`,
        ),
      ],
    })),
  },
  {
    name: 'list-length',
    grows: 'products in a list, two fetches',
    points: [1, 10, 100, 1_000, 5_000].map((value) => ({
      value,
      operations: [operation('List', `{ topProducts(first: ${value}) { upc name price inStock } }`)],
    })),
  },
  {
    name: 'plan-depth',
    grows: 'steps from entity to entity, two fetches each, one after the other',
    points: [1, 2, 4, 8, 16].map((value) => ({ value, operations: [operation('Chain', chain(value))] })),
  },
  {
    name: 'distinct-operations',
    grows: 'different documents, sent in turn; the plan cache keeps 1,000',
    points: [1, 10, 100, 1_000, 2_000].map((value) => ({
      value,
      operations: Array.from({ length: value }, (_, index) =>
        operation('Distinct', `{ topProducts(first: 10) { upc name${index}: name price inStock } }`),
      ),
    })),
  },
  {
    name: 'connections',
    grows: 'connections, two fetches of ten products',
    points: [1, 10, 50, 200, 1_000].map((value) => ({ value, operations: [listing], connections: value })),
  },
];

export async function measureGrowth(
  rig: Rig,
  chosen: readonly Participant[],
  { seconds, connections, quick }: BenchOptions,
): Promise<GrowthFigures[]> {
  const figures: GrowthFigures[] = [];
  for (const participant of chosen) {
    const running = await rig.start(participant, listing);
    await rig.visit(participant, running, { operations: [listing], connections, warmUpMs: 1_000, measureMs: 100 });
    for (const { name, points } of series) {
      for (const point of quick ? points.filter((_, index) => index % 2 === 0) : points) {
        const wrong = await rig.verify(participant, running, point.operations[0] as BenchOperation);
        const seen = await rig.visit(participant, running, {
          operations: point.operations,
          connections: point.connections ?? connections,
          // Every document is seen once before the measurement, or nearly so.
          warmUpMs: (quick ? 300 : 700) + point.operations.length * 2,
          measureMs: seconds * 1000,
        });
        figures.push({
          series: name,
          value: point.value,
          participant: participant.title,
          requestsPerSecond: seen.answers / seen.seconds,
          p50: seen.p50,
          p99: seen.p99,
          residentMb: seen.residentMb,
          failure: wrong ?? whatFailed(seen),
        });
        console.log(`${participant.title}  ${name} ${point.value}: ${Math.round(seen.answers / seen.seconds)}/s`);
      }
    }
  }
  return figures;
}

function whatFailed({ failures, failure, answers }: Seen): string | null {
  if (failures > 0) return `${failures} failures: ${failure}`;
  return answers === 0 ? 'no answer in time' : null;
}

export function writeGrowth(figures: readonly GrowthFigures[]): string {
  return series
    .map(({ name, grows }) => {
      const rows = figures.filter((figure) => figure.series === name);
      const table = writeTable(
        [name, 'who', 'requests/s', 'p50 ms', 'p99 ms', 'MB', ''],
        rows.map((row) => [
          count(row.value),
          row.participant,
          count(row.requestsPerSecond),
          milliseconds(row.p50),
          milliseconds(row.p99),
          count(row.residentMb),
          row.failure ?? '',
        ]),
      );
      return `${grows}\n${table}\n`;
    })
    .join('\n');
}
