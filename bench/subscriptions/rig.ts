/**
 * Everything that stands around the gateways: Redis, subgraphs, supergraph, clients, and the way to start a gateway.
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '@lyceum/local-stack';
import { compose } from '../gateway/graph/compose.ts';
import { createKeys } from '../gateway/token.ts';
import { type Cores, freePort, processorSeconds, startProcess, stopAll, stopProcess } from '../processes.ts';
import { readContract, subgraphNames } from './graph/contracts.ts';
import type { LoadAnswer, LoadOptions, LoadRequest, LoadWork } from './load/main.ts';
import type { Memory } from './memory-probe.ts';
import type { Participant, Surroundings } from './participants.ts';
import type { OrdersOptions } from './subgraphs/orders.ts';
import type { ProductsOptions, ProductsReady } from './subgraphs/products.ts';

const READY_MS = 60_000;
/** Characters of a log that tell why a process failed. */
const LAST_WORDS = 1_000;

/** Shares of one core's time. */
export interface Shares {
  readonly gateway: number;
  readonly load: number;
  readonly orders: number;
  readonly products: number;
  readonly redis: number;
}

export interface Running {
  readonly port: number;
  readonly signedIn: boolean;
  /** After its garbage is gone. */
  memory(): Promise<Memory>;
  /** What it has printed last. */
  lastWords(): string;
  stop(): Promise<void>;
}

export interface Rig {
  start(participant: Participant): Promise<Running>;
  ask<Name extends keyof LoadWork>(
    name: Name,
    options: Parameters<LoadWork[Name]>[0],
  ): Promise<Awaited<ReturnType<LoadWork[Name]>>>;
  /** With what the processes used meanwhile. */
  watch<T>(work: () => Promise<T>): Promise<{ result: T; shares: Shares; gatewaySeconds: number }>;
  close(): Promise<void>;
}

export async function openRig(cores: Cores): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'lyceum-bench-'));
  const { privateKey, jwks } = createKeys();
  const claimsSecret = randomBytes(32).toString('hex');
  const redis = await startRedis({ directory: join(folder, 'redis'), durability: 'fast' });
  if (cores.rest !== null) spawnSync('taskset', ['-a', '-c', '-p', String(cores.rest), String(redis.pid)]);

  const logOf = (name: string) => join(folder, `${name}.log`);
  const beside = (file: string, options: LoadOptions | OrdersOptions | ProductsOptions) =>
    startProcess({
      file: join(import.meta.dirname, file),
      args: [JSON.stringify(options)],
      core: cores.rest,
      cwd: folder,
      logFile: logOf(basename(file)),
    });
  const orders = beside('subgraphs/orders.ts', { redisUrl: redis.url, claimsSecret });
  const products = beside('subgraphs/products.ts', { jwks });
  const load = beside('load/main.ts', { redisUrl: redis.url, privateKey });
  const [ordersUrl, { productsUrl, jwksUrl }] = (await Promise.all([
    answerOf(orders, logOf('orders.ts')),
    answerOf(products, logOf('products.ts')),
  ])) as [string, ProductsReady];
  const urls = { orders: ordersUrl, products: productsUrl };
  const around: Surroundings = {
    urls,
    jwksUrl,
    claimsSecret,
    folder,
    supergraphFile: join(folder, 'supergraph.graphql'),
  };
  writeFileSync(
    around.supergraphFile,
    compose(subgraphNames.map((name) => ({ name, url: urls[name], contract: readContract(name) }))),
  );
  let gateway: ChildProcess | null = null;

  return {
    async start(participant) {
      const port = await freePort();
      const log = logOf(`${participant.id}-${port}`);
      const child = startProcess({
        ...participant.start(port, around),
        nodeArgs: ['--expose-gc', '--import', join(import.meta.dirname, 'memory-probe.ts')],
        core: cores.gateway,
        logFile: log,
      });
      gateway = child;
      const lastWords = () => readFileSync(log, 'utf8').trim().slice(-LAST_WORDS);
      for (const end = performance.now() + READY_MS; !(await answers(port)); await sleep(20)) {
        if (child.exitCode !== null) throw new Error(`It ended:\n${lastWords()}`);
        if (performance.now() > end) throw new Error(`It gave no answer:\n${lastWords()}`);
      }
      return {
        port,
        signedIn: participant.signedIn,
        memory() {
          child.send('memory');
          return answerOf(child, log) as Promise<Memory>;
        },
        lastWords,
        stop: () => stopProcess(child),
      };
    },

    async ask(name, options) {
      load.send({ name, options } as LoadRequest);
      const answer = (await answerOf(load, logOf('main.ts'))) as LoadAnswer;
      if ('error' in answer) throw new Error(answer.error);
      return answer.result as never;
    },

    async watch(work) {
      const processes = { gateway: gateway ?? {}, load, orders, products, redis };
      const clocks = () => Object.values(processes).map(processorSeconds);
      const [before, began] = [clocks(), performance.now()];
      const result = await work();
      const seconds = (performance.now() - began) / 1_000;
      const used = clocks().map((clock, index) => clock - (before[index] ?? 0));
      const names = Object.keys(processes) as (keyof Shares)[];
      const shares = Object.fromEntries(names.map((name, index) => [name, (used[index] ?? 0) / seconds]));
      return { result, shares: shares as unknown as Shares, gatewaySeconds: used[0] ?? 0 };
    },

    async close() {
      await stopAll();
      await redis.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The next message of a process; throws with its last words if it ends instead. */
async function answerOf(child: ChildProcess, logFile: string): Promise<unknown> {
  const over = new AbortController();
  try {
    const [message] = await Promise.race([
      once(child, 'message', { signal: over.signal }),
      once(child, 'exit', { signal: over.signal }).then(() => {
        throw new Error(`A process ended:\n${readFileSync(logFile, 'utf8').slice(-LAST_WORDS)}`);
      }),
    ]);
    return message;
  } finally {
    over.abort();
  }
}

async function answers(port: number): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: '{"query":"{ __typename }"}',
    signal: AbortSignal.timeout(5_000),
  }).then(
    ({ ok }) => ok,
    () => false,
  );
}
