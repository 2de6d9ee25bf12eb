/**
 * Outboxes and dead letters in words and columns.
 */
import { BACKLOG_COUNTED_TO, type Backlog, type DeadLetter } from '@lyceum/database';
import { bold, dim, number, red } from '../output.ts';

/** A dead letter and whose it is. */
export interface DomainLetter extends DeadLetter {
  readonly domain: string;
}

const STATUS_WIDTHS = [10, 7, 18, 9];
const REASON_LENGTH = 100;

export function statusHeading(): string {
  return dim(columns(['domain', 'shard', 'waiting', 'oldest'], 'dead letters'));
}

export function statusLine(domain: string, shard: string, { waiting, oldestSeconds, deadLetters }: Backlog): string {
  const oldest = oldestSeconds === null ? '–' : ageOf(oldestSeconds);
  const dead = counted(deadLetters);
  return columns([domain, shard, counted(waiting), oldest], deadLetters > 0 ? red(dead) : dead);
}

export function unreadableLine(domain: string, shard: string, reason: string): string {
  return columns([domain, shard], red(reason));
}

export function letterLines({ id, domain, shard, kind, name, key, tries, diedAt, reason }: DomainLetter): string[] {
  const [first = ''] = reason.split('\n');
  const shown = first.length > REASON_LENGTH ? `${first.slice(0, REASON_LENGTH)}…` : first;
  return [
    `${bold(id)}  ${kind} ${name} of ${key}`,
    dim(`  ${domain}/${shard}, died ${diedAt.toISOString()} after ${tries} tries: ${shown}`),
  ];
}

export function letterInFull(letter: DomainLetter): string[] {
  const { id, domain, shard, kind, name, version, key, delivery, queue, occurredAt, diedAt, tries, reason } = letter;
  const fields: [string, string][] = [
    ['id', id],
    ['database', `${domain}/${shard}`],
    [kind, `${name}, version ${version}`],
    ['key', key],
    kind === 'event' ? ['delivery', delivery ?? 'none'] : ['queue', queue ?? 'none'],
    ['committed', occurredAt.toISOString()],
    ['died', `${diedAt.toISOString()} after ${tries} tries`],
    ['reason', reason],
  ];
  const lines = fields.map(([name, value]) => `${dim(name.padEnd(10))} ${value}`);
  return [...lines, dim('payload'), JSON.stringify(letter.payload, null, 2)];
}

function columns(cells: readonly string[], last: string): string {
  return cells.map((cell, at) => cell.padEnd(STATUS_WIDTHS[at]!)).join('') + last;
}

function counted(count: number): string {
  return count === BACKLOG_COUNTED_TO ? `${number(count)} or more` : number(count);
}

/** In the largest unit that fits, such as `3 min`. */
function ageOf(seconds: number): string {
  if (seconds < 100) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  return `${number(Math.round(seconds / 3_600))} h`;
}
