/**
 * Serves one supergraph at a time, and replaces it by a later one without a request noticing.
 *
 * Changes are taken one after the other, however many come at once; of those that come during a load only the last is
 * read. A new graph is built and prepared while the old one serves, then takes over between two requests. Nothing but
 * what is in flight holds on to the old one then.
 *
 * Sources have a rank: what one has counts only while those before it have nothing. One that is at fault, because it
 * cannot be asked or gives what does not load, keeps what it gave last: if that is what serves, nothing changes, and
 * otherwise the next source counts.
 */
import type { Live, Logger } from '@lyceum/service-kit';
import { supergraphVersion } from '@lyceum/service-kit';
import { buildSupergraph, type SubgraphUrls, type Supergraph } from './build-supergraph.ts';
import type { SupergraphMetrics } from './supergraph-metrics.ts';
import type { SupergraphSource } from './supergraph-source.ts';

export interface SupergraphOptions {
  /** In order of rank. Closed with the supergraph. */
  readonly sources: readonly SupergraphSource[];
  readonly urls?: SubgraphUrls;
  /** Runs with a graph before it serves, and with the one that serves until then. What it throws refuses the graph. */
  prepare(next: Supergraph, serving: Supergraph | undefined, signal: AbortSignal): Promise<void>;
  readonly metrics: SupergraphMetrics;
  readonly log: Logger;
}

/** For operators. Tells nothing of what is in the graph. */
export interface SupergraphStatus {
  readonly version: string;
  readonly source: SupergraphSource['kind'];
  readonly loadedAt: Date;
  /** Since start. */
  readonly faults: number;
  /** Sources that are at fault now; the version is that of a text that does not load. */
  readonly failing: readonly {
    readonly source: SupergraphSource['kind'];
    readonly version?: string;
    readonly since: Date;
  }[];
}

export interface ServedSupergraph extends Live<Supergraph> {
  readonly status: SupergraphStatus;
  /** Calls back with each graph that has just been replaced. */
  onReplaced(listener: (old: Supergraph) => void): void;
  close(): Promise<void>;
}

interface Serving {
  readonly supergraph: Supergraph;
  readonly source: SupergraphSource;
  readonly loadedAt: Date;
}

interface Fault {
  /** Of the text that does not load. Absent if the source could not be asked. */
  readonly version?: string;
  readonly since: Date;
  readonly error: unknown;
}

/** Throws when no source has a supergraph that loads. After that the last good one goes on, whatever comes. */
export async function openSupergraph(options: SupergraphOptions): Promise<ServedSupergraph> {
  const { sources, metrics, log } = options;
  const faulty = new Map<SupergraphSource, Fault>();
  const closing = new AbortController();
  const listeners: ((old: Supergraph) => void)[] = [];
  let serving: Serving | undefined;
  let faults = 0;
  let asked = false;
  let loading: Promise<void> | undefined;

  function reload(): void {
    asked = true;
    loading ??= loadWhileAsked().finally(() => {
      loading = undefined;
      // Asked between the last look and now.
      if (asked && !closing.signal.aborted) reload();
    });
  }

  async function loadWhileAsked(): Promise<void> {
    while (asked && !closing.signal.aborted) {
      asked = false;
      await load();
    }
  }

  /** Never throws. */
  async function load(): Promise<void> {
    for (const source of sources) {
      const found = await read(source);
      if (found === 'nothing') continue;
      if (found !== 'fault' && (await serve(source, found))) return;
      if (closing.signal.aborted || serving?.source === source) return;
    }
  }

  async function read(source: SupergraphSource): Promise<{ sdl: string } | 'nothing' | 'fault'> {
    try {
      const sdl = await source.read();
      if (sdl !== null) return { sdl };
      recovered(source);
      return 'nothing';
    } catch (error) {
      failed(source, undefined, error);
      return 'fault';
    }
  }

  /** False if the text does not load. */
  async function serve(source: SupergraphSource, { sdl }: { sdl: string }): Promise<boolean> {
    const version = supergraphVersion(sdl);
    // What has been refused stays refused: it is not built again because a source was asked again.
    if (faulty.get(source)?.version === version) return false;
    if (serving?.supergraph.version === version) {
      recovered(source);
      if (serving.source !== source) announce({ ...serving, source });
      return true;
    }
    try {
      const next = timed('build', () => buildSupergraph(sdl, options.urls));
      const old = serving?.supergraph;
      await timed('prepare', () => options.prepare(next, old, closing.signal));
      if (closing.signal.aborted) return true;
      announce({ supergraph: next, source, loadedAt: new Date() });
      recovered(source);
      if (old) {
        for (const replaced of listeners) replaced(old);
        log.info({ from: old.version, to: version, source: source.kind }, 'supergraph replaced');
      }
      return true;
    } catch (error) {
      failed(source, version, error);
      return false;
    }
  }

  function announce(next: Serving): void {
    serving = next;
    metrics.serving(next.supergraph.version, next.source.kind);
    metrics.loadedAt.set(next.loadedAt.getTime() / 1_000);
  }

  function timed<T>(phase: string, work: () => T): T {
    const end = metrics.loadSeconds.startTimer({ phase });
    const result = work();
    if (result instanceof Promise)
      result.then(
        () => end(),
        () => end(),
      );
    else end();
    return result;
  }

  /** Told once for each outage and each text, counted every time. */
  function failed(source: SupergraphSource, version: string | undefined, error: unknown): void {
    if (closing.signal.aborted) return;
    const known = faulty.get(source);
    faults += 1;
    metrics.faults.inc({ source: source.kind });
    if (known && known.version === version) return;
    faulty.set(source, { version, since: new Date(), error });
    const about = { err: error, source: source.kind, version, serving: serving?.supergraph.version };
    if (version === undefined) log.warn(about, 'supergraph cannot be read, what serves goes on');
    else log.error(about, 'supergraph does not load, the last good one goes on');
  }

  function recovered(source: SupergraphSource): void {
    if (faulty.delete(source)) log.info({ source: source.kind }, 'supergraph can be read and loads again');
  }

  async function close(): Promise<void> {
    closing.abort();
    for (const source of sources) await source.close();
    await loading;
  }

  function given(): Serving {
    if (serving) return serving;
    const causes = [...faulty.values()].map(({ error }) => error);
    if (causes.length === 1) throw causes[0];
    throw new AggregateError(causes, 'No source has a supergraph that loads.');
  }

  try {
    // Watched first, so that nothing that changes from now on is missed.
    for (const source of sources) source.watch(reload);
    reload();
    await loading;
    given();
  } catch (error) {
    await close();
    throw error;
  }

  return {
    get current() {
      return given().supergraph;
    },
    get status() {
      const { supergraph, source, loadedAt } = given();
      const failing = [...faulty].map(([at, { version, since }]) => ({ source: at.kind, version, since }));
      return { version: supergraph.version, source: source.kind, loadedAt, faults, failing };
    },
    onReplaced: (listener) => void listeners.push(listener),
    close,
  };
}
