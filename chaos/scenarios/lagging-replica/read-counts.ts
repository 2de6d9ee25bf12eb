/**
 * Who answered the reads of the services' databases, as they count them themselves.
 */

/** Reads by `domain role reason`, since the services began. */
export type ReadCounts = Readonly<Record<string, number>>;

export interface Share {
  readonly replica: number;
  /** What a caller asked the primary for is left out: no replica may answer it. */
  readonly primary: number;
  /** From 0 to 1; 1 if nothing was read. */
  readonly ofReplicas: number;
  /** Reads by why they went where they went. */
  readonly reasons: Readonly<Record<string, number>>;
}

const READS = /^lyceum_database_reads_total\{([^}]*)\} (\S+)$/gm;
const REQUEST_MS = 5_000;

export async function countReads(subgraphUrls: readonly string[]): Promise<ReadCounts> {
  const counts: Record<string, number> = {};
  const readCounters = async (url: string) => {
    const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(REQUEST_MS) })).text();
    for (const [, labels, count] of text.matchAll(READS)) {
      const labelled = (label: string) => new RegExp(`\\b${label}="([^"]*)"`).exec(labels!)?.[1];
      const key = [labelled('domain'), labelled('role'), labelled('reason')].join(' ');
      counts[key] = (counts[key] ?? 0) + Number(count);
    }
  };
  await Promise.all(subgraphUrls.map(readCounters));
  return counts;
}

/** Of what was read between the two; of one domain, if it is named. */
export function shareBetween(before: ReadCounts, after: ReadCounts, ofDomain?: string): Share {
  const reads = { replica: 0, primary: 0 };
  const reasons: Record<string, number> = {};
  for (const [key, count] of Object.entries(after)) {
    const [domain, role, reason] = key.split(' ') as [string, keyof typeof reads, string];
    const more = count - (before[key] ?? 0);
    if (more === 0 || (ofDomain !== undefined && domain !== ofDomain)) continue;
    reasons[reason] = (reasons[reason] ?? 0) + more;
    if (reason !== 'asked') reads[role] += more;
  }
  const all = reads.replica + reads.primary;
  return { ...reads, ofReplicas: all === 0 ? 0 : reads.replica / all, reasons };
}
