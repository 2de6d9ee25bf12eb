/**
 * Who takes part, and how each is started.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StartOptions } from '../processes.ts';
import type { SubgraphUrls } from './graph/contracts.ts';

export interface Surroundings {
  readonly urls: SubgraphUrls;
  readonly jwksUrl: string;
  /** For files of this run alone. */
  readonly folder: string;
  readonly supergraphFile: string;
  /** What subgraphs believe claims by. */
  readonly claimsSecret: string;
}

export interface Participant {
  readonly id: string;
  readonly title: string;
  /** In a run of under a minute too: promises name no peer. */
  readonly quick: boolean;
  /** Every socket is a person with a token of their own; peers check none. */
  readonly signedIn: boolean;
  start(port: number, around: Surroundings): Pick<StartOptions, 'file' | 'cwd' | 'args' | 'env'>;
}

const peers = join(import.meta.dirname, '../gateway/peers');

/** A new process writes into the same folder: the policy is the default but for what is named here. */
const POLICY = { metrics: { operations: ['Own', 'Shared', 'Large'] } };

function peer(file: string, variant: string): Participant['start'] {
  return (port, { supergraphFile, urls, claimsSecret }) => ({
    file: join(peers, file),
    cwd: peers,
    args: [JSON.stringify({ port, supergraphFile, urls, claimsSecret, variant })],
  });
}

export const participants: readonly Participant[] = [
  {
    id: 'lyceum',
    title: 'Lyceum',
    quick: true,
    signedIn: true,
    start(port, { folder, supergraphFile, jwksUrl, claimsSecret }) {
      const config = join(folder, `config-${port}`);
      mkdirSync(config);
      // JSON is YAML too.
      writeFileSync(join(config, 'gateway.yaml'), JSON.stringify(POLICY));
      return {
        file: join(import.meta.dirname, '../../gateway/src/main.ts'),
        cwd: folder,
        env: {
          PORT: String(port),
          CONFIG_DIR: config,
          SUPERGRAPH_FILE: supergraphFile,
          JWKS_URL: jwksUrl,
          CLAIMS_SECRET: claimsSecret,
          LOG_LEVEL: 'warn',
        },
      };
    },
  },
  {
    id: 'hive',
    title: 'Hive Gateway',
    quick: false,
    signedIn: false,
    start: peer('hive-subscriptions.ts', 'plain'),
  },
  {
    id: 'hive-rust',
    title: 'Hive Gateway, Rust planner',
    quick: false,
    signedIn: false,
    start: peer('hive-subscriptions.ts', 'rust'),
  },
  {
    id: 'mercurius',
    title: 'Mercurius gateway',
    quick: false,
    signedIn: false,
    start: peer('mercurius/subscriptions.ts', ''),
  },
];
