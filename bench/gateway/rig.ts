/**
 * Everything that stands around the gateways: subgraphs, supergraph, load, and the way to start and ask one of them.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { printSchema } from 'graphql';
import { type Cores, freePort, processorSeconds, residentMb, startProcess, stopAll } from '../processes.ts';
import { composeSupergraph, publicSchema } from './graph/compose.ts';
import { expectedAnswer } from './graph/expected.ts';
import type { BenchOperation } from './graph/operations.ts';
import type { LoadMessage, Visit, Visited } from './load/main.ts';
import type { Participant, Surroundings } from './participants.ts';
import type { SubgraphsReady } from './subgraphs/main.ts';
import { createKeys, createToken } from './token.ts';

const READY_MS = 60_000;
const ANSWER_MS = 30_000;

export interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  /** From the start of the process to its first answer. */
  readonly coldStartMs: number;
  /** The first deep answer: planning, and everything done for the first time. */
  readonly firstPlanMs: number | null;
}

export interface Seen extends Visited {
  /** Shares of one core's time. */
  readonly gatewayCpu: number;
  readonly loadCpu: number;
  readonly subgraphsCpu: number;
  readonly residentMb: number;
  /** Requests to subgraphs for each request. */
  readonly fetches: number;
}

export interface Rig {
  start(participant: Participant, first: BenchOperation | null): Promise<Running>;
  /** Null if the answer is right, else what is wrong with it. */
  verify(participant: Participant, running: Running, operation: BenchOperation): Promise<string | null>;
  visit(participant: Participant, running: Running, plan: VisitPlan): Promise<Seen>;
  /** What a process has printed last. */
  lastWords(participant: Participant): string;
  close(): Promise<void>;
}

export interface VisitPlan {
  readonly operations: readonly BenchOperation[];
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

const bodyOf = ({ name, query }: BenchOperation) => JSON.stringify({ operationName: name, query });

export async function openRig(cores: Cores): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'lyceum-bench-'));
  const { privateKey, jwks } = createKeys();
  const token = createToken(privateKey);
  const logOf = (name: string) => join(folder, `${name}.log`);
  const beside = (name: string, file: string, args: string[]) =>
    startProcess({
      file: join(import.meta.dirname, file),
      args,
      core: cores.rest,
      cwd: folder,
      logFile: logOf(name),
    });
  const subgraphs = beside('subgraphs', 'subgraphs/main.ts', [jwks]);
  const load = beside('load', 'load/main.ts', []);
  const [ready] = (await Promise.race([
    once(subgraphs, 'message'),
    once(subgraphs, 'exit').then(() => {
      throw new Error(`The subgraphs did not start:\n${readFileSync(logOf('subgraphs'), 'utf8')}`);
    }),
  ])) as [SubgraphsReady];
  const supergraph = composeSupergraph(ready.urls);
  const around: Surroundings = {
    ...ready,
    folder,
    token,
    supergraphFile: join(folder, 'supergraph.graphql'),
    publicFile: join(folder, 'public.graphql'),
  };
  writeFileSync(around.supergraphFile, supergraph);
  writeFileSync(around.publicFile, printSchema(publicSchema(supergraph)));
  const lengths = new Map<string, number>();

  const headersOf = ({ signedIn }: Participant): Record<string, string> =>
    signedIn ? { authorization: `Bearer ${token}` } : {};

  async function post(participant: Participant, port: number, body: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      // Some compress where a client lets them; the load generator does not.
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...headersOf(participant),
      },
      body,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { status: response.status, text: await response.text() };
  }

  async function countFetches(): Promise<number> {
    const told = once(subgraphs, 'message');
    subgraphs.send('count');
    const [fetches] = (await told) as [number];
    return fetches;
  }

  function lastWords({ process: name }: Participant): string {
    return readFileSync(logOf(name), 'utf8').trim().split('\n').slice(-15).join('\n');
  }

  return {
    lastWords,

    async start(participant, first) {
      const port = await freePort();
      const started = performance.now();
      const child = startProcess({
        ...participant.start(port, around),
        core: cores.gateway,
        logFile: logOf(participant.process),
      });
      for (;;) {
        const status = await post(participant, port, '{"query":"{ __typename }"}').then(
          (answer) => answer.status,
          () => 0,
        );
        if (status === 200) break;
        if (child.exitCode !== null) throw new Error(`It ended:\n${lastWords(participant)}`);
        if (performance.now() - started > READY_MS) throw new Error(`It gave no answer:\n${lastWords(participant)}`);
        await sleep(10);
      }
      const coldStartMs = performance.now() - started;
      if (!first) return { child, port, coldStartMs, firstPlanMs: null };
      // What this asks of subgraphs they may compute for the first time; asked a second time, by another, they remember.
      const asked = performance.now();
      await post(participant, port, bodyOf(first));
      return { child, port, coldStartMs, firstPlanMs: performance.now() - asked };
    },

    async verify(participant, { port }, operation) {
      try {
        const { status, text } = await post(participant, port, bodyOf(operation));
        if (status !== 200) return `status ${status}: ${text.slice(0, 300)}`;
        const { data, errors } = JSON.parse(text) as { data?: unknown; errors?: unknown };
        if (errors) return `errors: ${JSON.stringify(errors).slice(0, 300)}`;
        if (!isDeepStrictEqual(data, expectedAnswer(operation.query).data)) return 'the data is not what it should be';
        lengths.set(`${participant.id} ${operation.name}`, Buffer.byteLength(text));
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },

    async visit(participant, { child, port }, { operations, connections, warmUpMs, measureMs }) {
      const [single] = operations;
      const expectedLength = operations.length === 1 ? lengths.get(`${participant.id} ${single?.name}`) : undefined;
      const clocks = () => [child, load, subgraphs].map(processorSeconds);
      const answered = new Promise<{ visited: Visited; before: number[]; after: number[] }>((resolve, reject) => {
        let before = clocks();
        let after = before;
        const gone = () => reject(new Error(`The load generator ended:\n${readFileSync(logOf('load'), 'utf8')}`));
        const onMessage = (message: LoadMessage) => {
          if (message === 'measuring') {
            before = clocks();
            return;
          }
          if (message === 'measured') {
            after = clocks();
            return;
          }
          load.off('message', onMessage);
          load.off('exit', gone);
          resolve({ visited: message, before, after });
        };
        load.on('message', onMessage);
        load.once('exit', gone);
      });
      const fetchesBefore = await countFetches();
      load.send({
        port,
        headers: headersOf(participant),
        bodies: operations.map(bodyOf),
        connections,
        warmUpMs,
        measureMs,
        expectedLength: expectedLength ?? null,
      } satisfies Visit);
      const { visited, before, after } = await answered;
      const fetches = ((await countFetches()) - fetchesBefore) / visited.sent;
      const [gatewayCpu = 0, loadCpu = 0, subgraphsCpu = 0] = after.map(
        (clock, index) => (clock - (before[index] ?? 0)) / visited.seconds,
      );
      return { ...visited, gatewayCpu, loadCpu, subgraphsCpu, residentMb: residentMb(child), fetches };
    },

    async close() {
      await stopAll();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
