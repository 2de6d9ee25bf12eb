/**
 * A run for people: one table for each phase.
 */
import { count, milliseconds, percent, writeTable } from '../table.ts';
import { EVENTS_PER_SECOND, type Row } from './phases.ts';
import type { Shares } from './rig.ts';

/** Above this share of its core the load, not the gateway, may set the pace. */
const FULL = 0.95;

export function writeReport(rows: readonly Row[]): string {
  const delivery = rows.flatMap(({ title, few, many }) =>
    [few, many].flatMap((phase) =>
      phase
        ? [
            [
              title,
              count(phase.sockets),
              count(phase.eventsPerSecond),
              milliseconds(phase.p50),
              milliseconds(phase.p99),
              count(phase.lost),
              phase.residentKb.toFixed(1),
              phase.heldKb.toFixed(1),
              shares(phase.shares),
            ],
          ]
        : [],
    ),
  );
  const fanOut = rows.flatMap(({ title, fanOut: phase }) =>
    phase
      ? [
          [
            title,
            count(phase.eventsPerSecond),
            count(phase.framesPerSecond),
            phase.cpuMicrosecondsPerFrame.toFixed(1),
            milliseconds(phase.p99),
            count(phase.lost),
            shares(phase.shares),
          ],
        ]
      : [],
  );
  const slow = rows.flatMap(({ title, slow: phase }) =>
    phase
      ? phase.pairs.map(({ reads, stops }) => [
          title,
          milliseconds(reads.p99),
          milliseconds(stops.p99),
          reads.peakMb.toFixed(1),
          stops.peakMb.toFixed(1),
          `${count(stops.reader.heard)} of ${count(stops.reader.published)}`,
          stops.reader.closedWith === null ? 'kept' : String(stops.reader.closedWith),
        ])
      : [],
  );
  return [
    `${EVENTS_PER_SECOND} events a second, each for one socket. KB: of each socket, beyond the idle process.`,
    writeTable(
      ['', 'sockets', 'events/s', 'p50 ms', 'p99 ms', 'lost', 'KB resident', 'KB held', 'CPU own/rest'],
      delivery,
    ),
    '',
    'One operation for all sockets, as fast as it is heard.',
    writeTable(['', 'events/s', 'frames/s', 'CPU µs/frame', 'p99 ms', 'lost', 'CPU own/rest'], fanOut),
    '',
    'Beside a reader of large events, who reads, or stops. MB: what JavaScript held, at its peak.',
    writeTable(['', 'p99 reads', 'p99 stops', 'MB reads', 'MB stops', 'it heard', 'the gateway'], slow),
    '',
    ...rows.flatMap(remarks),
  ].join('\n');
}

function remarks({ title, failures, few, many, fanOut }: Row): string[] {
  const said = failures.map((failure) => `LEFT OUT  ${title}, ${failure}`);
  for (const [name, phase] of Object.entries({ few, many, fanOut })) {
    if (phase && phase.shares.gateway < FULL && restOf(phase.shares) >= FULL) {
      said.push(`${title}, ${name}: the core of clients, subgraphs and Redis was full; the gateway could do more.`);
    }
  }
  return said;
}

const restOf = ({ load, orders, products, redis }: Shares) => load + orders + products + redis;
const shares = (of: Shares) =>
  `${percent(of.gateway)}/${percent(restOf(of))} (${[of.load, of.orders, of.products, of.redis].map(percent).join(', ')})`;
