/**
 * The composed graph the gateway serves: its public schema, where its subgraphs answer, and the planner over both.
 *
 * Loaded from the committed `supergraph.graphql` and swapped when that file changes. A file that does not load is
 * reported and ignored: the last good graph goes on serving. Read `.current` per operation and never keep it; an
 * operation or subscription that runs finishes on the graph it started with.
 */
import { createHash } from 'node:crypto';
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import {
  Supergraph as ComposedSupergraph,
  DEFAULT_SUPPORTED_SUPERGRAPH_FEATURES,
  type Schema,
} from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import type { Live, Logger } from '@lyceum/service-kit';
import type { GraphQLSchema } from 'graphql';
import { createTypeTest, type TypeTest } from './compile/type-conditions.ts';
import { rehearsePlanning } from './plan/rehearse-planning.ts';
import { nameRequiredFields, type RequiredField } from './plan/required-fields.ts';

export interface Supergraph {
  /** Names this content: equal SDL and addresses, equal version. */
  readonly version: string;
  /** What clients see: the supergraph without federation's own types and without inaccessible elements. */
  readonly schema: GraphQLSchema;
  /** Subgraph name → address of its GraphQL endpoint. */
  readonly subgraphUrls: ReadonlyMap<string, string>;
  /** Whether a value of one type satisfies a condition on another; knows types that clients do not see. */
  readonly isA: TypeTest;
  /** Fields that plans name otherwise than the graph does, by the plan's name. */
  readonly required: ReadonlyMap<string, RequiredField>;
  /** Apollo's view of the same graph, in the names of plans; only for the files of this folder. */
  readonly apollo: { readonly api: Schema; readonly full: GraphQLSchema; readonly planner: QueryPlanner };
}

/** A graph that relies on more, such as on authorisation that nobody here enforces, does not load. */
const SUPPORTED_FEATURES = new Set([...DEFAULT_SUPPORTED_SUPERGRAPH_FEATURES, 'https://specs.apollo.dev/context/v0.1']);

/** `urls` override the addresses that were composed in, by subgraph name in lower case. Throws on SDL that does not load. */
export function buildSupergraph(sdl: string, urls: Readonly<Record<string, string | undefined>> = {}): Supergraph {
  const options = { supportedFeatures: SUPPORTED_FEATURES, validateSupergraph: true };
  const composed = ComposedSupergraph.build(sdl, options);
  const { sdl: plannerSdl, required } = nameRequiredFields(sdl);
  const planned = plannerSdl === sdl ? composed : ComposedSupergraph.build(plannerSdl, options);
  const full = composed.schema.toGraphQLJSSchema();
  const subgraphUrls = new Map(
    composed.subgraphsMetadata().map(({ name, url }) => [name, urls[name.toLowerCase()] ?? url]),
  );
  return {
    version: createHash('sha256')
      .update(JSON.stringify([...subgraphUrls]))
      .update(sdl)
      .digest('hex')
      .slice(0, 12),
    schema: composed.apiSchema().toGraphQLJSSchema(),
    subgraphUrls,
    isA: createTypeTest(full),
    required,
    apollo: {
      api: planned.apiSchema(),
      full,
      // The parsed document of each fetch tells which fields a fetch adds.
      planner: new QueryPlanner(planned, { exposeDocumentNodeInFetchNode: true }),
    },
  };
}

export interface SupergraphSource {
  file: string;
  urls?: Readonly<Record<string, string | undefined>>;
  log: Logger;
}

export interface SupergraphFile extends Live<Supergraph> {
  /** Edits refused since start. */
  readonly faults: number;
  close(): void;
}

/** Throws when the file is missing or does not load at the first reading; later faults keep the last good graph. */
export async function openSupergraph({ file, urls, log }: SupergraphSource): Promise<SupergraphFile> {
  const read = async () => buildSupergraph(await readFile(file, 'utf8'), urls);
  let current = await read();
  await rehearsePlanning(current);
  let faults = 0;
  let settling: NodeJS.Timeout | undefined;

  async function reload(): Promise<void> {
    try {
      const next = await read();
      if (next.version === current.version) return;
      await rehearsePlanning(next);
      log.info({ from: current.version, to: next.version }, 'supergraph replaced');
      current = next;
    } catch (error) {
      faults += 1;
      log.error({ err: error, file, serving: current.version }, 'supergraph does not load, the last good one goes on');
    }
  }
  // The folder is watched, not the file: editors and config maps replace the file rather than write into it.
  const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
    if (name !== null && name !== basename(file) && !name.startsWith('..')) return;
    clearTimeout(settling);
    settling = setTimeout(reload, 100);
  });
  watcher.on('error', (error) => log.warn({ err: error, file }, 'supergraph is not watched any more'));

  return {
    get current() {
      return current;
    },
    get faults() {
      return faults;
    },
    close() {
      clearTimeout(settling);
      watcher.close();
    },
  };
}
