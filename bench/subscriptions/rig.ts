/**
 * Everything that stands around the gateways: Redis, subgraphs, supergraph, clients, and the way to start a gateway.
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '@lyceum/local-stack';
import { compose } from '../gateway/graph/compose.ts';
import { createKeys } from '../gateway/token.ts';
import { type Cores, freePort, processorSeconds, startProcess, stopAll, stopProcess } from '../processes.ts';
import { readContract, subgraphNames } from './graph/contracts.ts';
import type { LoadAnswer, LoadOptions, LoadRequest, LoadWork } from './load/main.ts';
import type { Memory } from './memory-probe.ts';
import type { Participant, Surroundings } from './participants.ts';
import type { SubgraphsOptions, SubgraphsReady } from './subgraphs/main.ts';

const READY_MS = 60_000;

/** Shares of one core's time. */
export interface Shares {
  readonly gateway: number;
  readonly load: number;
  readonly subgraphs: number;
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
  const beside = (name: string, options: LoadOptions | SubgraphsOptions) =>
    startProcess({
      file: join(import.meta.dirname, name, 'main.ts'),
      args: [JSON.stringify(options)],
      core: cores.rest,
      cwd: folder,
      logFile: logOf(name),
    });
  const subgraphs = beside('subgraphs', { jwks, redisUrl: redis.url, claimsSecret });
  const load = beside('load', { redisUrl: redis.url, privateKey });
  const ready = (await answerOf(subgraphs, logOf('subgraphs'))) as SubgraphsReady;
  const supergraph = compose(
    subgraphNames.map((name) => ({ name, url: ready.urls[name], contract: readContract(name) })),
  );
  const around: Surroundings = { ...ready, folder, claimsSecret, supergraphFile: join(folder, 'supergraph.graphql') };
  writeFileSync(around.supergraphFile, supergraph);
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
      const lastWords = () => readFileSync(log, 'utf8').trim().split('\n').slice(-15).join('\n');
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
      const answer = (await answerOf(load, logOf('load'))) as LoadAnswer;
      if ('error' in answer) throw new Error(answer.error);
      return answer.result as never;
    },

    async watch(work) {
      const clocks = () => [gateway ?? {}, load, subgraphs, redis].map(processorSeconds);
      const [before, began] = [clocks(), performance.now()];
      const result = await work();
      const seconds = (performance.now() - began) / 1_000;
      const used = clocks().map((clock, index) => clock - (before[index] ?? 0));
      const [gatewaySeconds = 0, ...others] = used;
      const [own = 0, clients = 0, answering = 0, storing = 0] = [gatewaySeconds, ...others].map((of) => of / seconds);
      return { result, shares: { gateway: own, load: clients, subgraphs: answering, redis: storing }, gatewaySeconds };
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
        throw new Error(`A process ended:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`);
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
