/**
 * What commands show: results on stdout, progress on stderr (a bar on a terminal, now and then a line elsewhere).
 */
import { styleText } from 'node:util';
import { SingleBar } from 'cli-progress';

export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

export const bold = (text: string): string => styleText('bold', text, { stream: process.stdout });
export const dim = (text: string): string => styleText('dim', text, { stream: process.stdout });
export const red = (text: string): string => styleText('red', text, { stream: process.stdout });
export const green = (text: string): string => styleText('green', text, { stream: process.stdout });

export const number = (value: number): string => value.toLocaleString('en-GB');

/** `1 lesson`, `2 lessons`. */
export function counted(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** The counts of a map, largest first, such as `4 customresponse, 2 imageresponse`. */
export function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
    .map(([name, count]) => `${number(count)} ${name}`)
    .join(', ');
}

export interface Progress {
  update(done: number, of: number): void;
  /** Removes the bar; a failure leaves no half of it on the screen. */
  end(): void;
}

/** Shows how far the work is, by what it tells, until it ends. */
export async function withProgress<T>(label: string, work: (update: Progress['update']) => Promise<T>): Promise<T> {
  const progress = showProgress(label);
  try {
    return await work(progress.update);
  } finally {
    progress.end();
  }
}

const LINE_EVERY_SHARE = 0.1;
const LINE_AFTER_MS = 2_000;

export function showProgress(label: string): Progress {
  return process.stderr.isTTY ? showBar(label) : showLines(label);
}

function showBar(label: string): Progress {
  const bar = new SingleBar({
    format: `${label} {bar} {percentage}% · {value} of {total} · {duration_formatted}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(1, 0);
  return {
    update(done, of) {
      bar.setTotal(of);
      bar.update(done);
    },
    end: () => bar.stop(),
  };
}

/** For logs: one line for each tenth, and only of work that takes a while. */
function showLines(label: string): Progress {
  const begun = performance.now();
  let shown = 0;
  return {
    update(done, of) {
      const share = of === 0 ? 1 : done / of;
      if (share < shown + LINE_EVERY_SHARE || performance.now() - begun < LINE_AFTER_MS) return;
      shown = share;
      process.stderr.write(`${label} ${Math.floor(share * 100)}% · ${number(done)} of ${number(of)}\n`);
    },
    end() {},
  };
}
