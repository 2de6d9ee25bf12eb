/**
 * Who takes part, and how each is started.
 *
 * Rows that name the same process share it: one gateway is asked by signed-in and by anonymous clients.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SubgraphsReady } from './subgraphs/main.ts';

export interface Surroundings extends SubgraphsReady {
  /** For files of this run alone. */
  readonly folder: string;
  readonly supergraphFile: string;
  readonly publicFile: string;
  /** An access token that the keys at `jwksUrl` vouch for. */
  readonly token: string;
}

/** What `startProcess` needs to know. */
interface Start {
  readonly file: string;
  readonly cwd: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Participant {
  readonly id: string;
  readonly title: string;
  readonly process: string;
  /** In a run of under a minute too. */
  readonly quick?: boolean;
  readonly signedIn?: boolean;
  /** Answers without subgraphs: only the small answer makes sense. */
  readonly withoutSubgraphs?: boolean;
  start(port: number, around: Surroundings): Start;
}

const peers = join(import.meta.dirname, 'peers');
const gatewayMain = join(import.meta.dirname, '../../gateway/src/main.ts');

function peer(file: string, variant: string): Participant['start'] {
  return (port, { supergraphFile, publicFile, urls }) => ({
    file: join(peers, file),
    cwd: peers,
    args: [JSON.stringify({ port, supergraphFile, publicFile, urls, variant })],
  });
}

/** The real process with its real pipeline. The policy is the default but for what is named here. */
function lyceum(policy: Readonly<Record<string, unknown>>): Participant['start'] {
  return (port, { folder, supergraphFile, jwksUrl }) => {
    const config = join(folder, `config-${port}`);
    mkdirSync(config);
    // JSON is YAML too.
    writeFileSync(join(config, 'gateway.yaml'), JSON.stringify(policy));
    return {
      file: gatewayMain,
      cwd: folder,
      env: {
        PORT: String(port),
        CONFIG_DIR: config,
        SUPERGRAPH_FILE: supergraphFile,
        JWKS_URL: jwksUrl,
        CLAIMS_SECRET: randomBytes(32).toString('hex'),
        LOG_LEVEL: 'warn',
      },
    };
  };
}

const metrics = { operations: ['Deep', 'Fetch'] };
/** The deep question has lists in lists that may hold 1,000 reviews each, and hold a few. */
const limits = { maxCost: 1_000_000_000_000 };
const alone = { limits, subgraphs: { deduplicate: false }, deduplication: { operations: false }, metrics };
const shared = { limits, subgraphs: { deduplicate: true }, deduplication: { operations: true }, metrics };

export const participants: readonly Participant[] = [
  { id: 'floor', title: 'By hand', process: 'floor', quick: true, start: peer('floor.ts', 'plain') },
  { id: 'floor-dedupe', title: 'By hand, fetches shared', process: 'floor-dedupe', start: peer('floor.ts', 'dedupe') },
  { id: 'lyceum', title: 'Lyceum', process: 'lyceum', quick: true, signedIn: true, start: lyceum(alone) },
  { id: 'lyceum-anonymous', title: 'Lyceum, anonymous client', process: 'lyceum', start: lyceum(alone) },
  {
    id: 'lyceum-dedupe',
    title: 'Lyceum, operations shared',
    process: 'lyceum-dedupe',
    quick: true,
    signedIn: true,
    start: lyceum(shared),
  },
  { id: 'apollo', title: 'Apollo Server', process: 'apollo', quick: true, start: peer('apollo.ts', 'plain') },
  { id: 'apollo-undici', title: 'Apollo Server, undici', process: 'apollo-undici', start: peer('apollo.ts', 'undici') },
  { id: 'yoga-apollo', title: 'Yoga + Apollo gateway', process: 'yoga-apollo', start: peer('yoga.ts', 'plain') },
  {
    id: 'yoga-apollo-undici',
    title: 'Yoga + Apollo gateway, undici',
    process: 'yoga-apollo-undici',
    start: peer('yoga.ts', 'undici'),
  },
  { id: 'hive', title: 'Hive Gateway', process: 'hive', start: peer('hive.ts', 'plain') },
  {
    id: 'hive-dedupe',
    title: 'Hive Gateway, fetches shared',
    process: 'hive-dedupe',
    start: peer('hive.ts', 'plain-dedupe'),
  },
  {
    id: 'hive-rust',
    title: 'Hive Gateway, Rust planner',
    process: 'hive-rust',
    quick: true,
    start: peer('hive.ts', 'rust'),
  },
  {
    id: 'hive-rust-dedupe',
    title: 'Hive Gateway, Rust planner, fetches shared',
    process: 'hive-rust-dedupe',
    start: peer('hive.ts', 'rust-dedupe'),
  },
  {
    id: 'hive-rust-whole',
    title: 'Hive Gateway, Rust planner, operations shared',
    process: 'hive-rust-whole',
    quick: true,
    start: peer('hive.ts', 'rust-whole'),
  },
  {
    id: 'mercurius',
    title: 'Mercurius gateway',
    process: 'mercurius',
    quick: true,
    start: peer('mercurius/main.ts', ''),
  },
  {
    id: 'yoga-alone',
    title: 'Yoga alone, no subgraphs',
    process: 'yoga-alone',
    withoutSubgraphs: true,
    start: peer('yoga-alone.ts', ''),
  },
];

/** Lyceum with limits wide enough for the series of growth, which are longer than any client's operation should be. */
export const growing: Participant = {
  id: 'lyceum',
  title: 'Lyceum',
  process: 'lyceum',
  signedIn: true,
  start: lyceum({ ...alone, limits: { ...limits, maxDepth: 100, maxFields: 10_000 } }),
};
