/**
 * The steps from an empty folder to a running Lyceum, in order, shown while they run.
 */
import {
  DOMAINS,
  type Domain,
  demoAccounts,
  demoPassword,
  directOf,
  migrate,
  readDatabaseUrls,
} from '@lyceum/database';
import { addressVariables, freePort, SERVICE_NAMES, SERVICES, type ServiceName } from '@lyceum/local-stack';
import { Listr, type ListrTask } from 'listr2';
import { prepareDemoDay } from '../demo/demo-day.ts';
import { signIn } from '../demo/graph-client.ts';
import { type ServiceChild, serviceChild } from './children.ts';
import { type Environment, inheritedVariables } from './config.ts';
import { namesDatabases, type ShardsByDomain } from './existing.ts';
import type { StartOptions } from './options.ts';
import { seed } from './seed.ts';
import { openPostgres, openRedis, readShards } from './stack.ts';
import { isSeeded, markSeeded, openSecrets, writeChildren, writeStackEnv } from './state.ts';
import type { Supervisor } from './supervisor.ts';

export interface Plan {
  readonly options: StartOptions;
  readonly environment: Environment;
  readonly supervisor: Supervisor;
  /** Fires when the person does not want to wait any longer; what has not begun is left out. */
  readonly signal: AbortSignal;
  /** Servers on their way up. They are the supervisor's only when they are there: wait for them before it stops. */
  readonly opening: Promise<unknown>[];
}

/** What the steps show is the first line; the whole story is the cause. */
class StepError extends Error {}

/** What the steps learn from one another. */
interface Progress {
  variables: Record<string, string>;
  ports: Partial<Record<ServiceName, number>>;
  shards: ShardsByDomain;
  seededNow: boolean;
  demoToken: string | null;
}

export interface Running {
  readonly gatewayUrl: string;
  /** An access token of the demo learner, for the board; null where there is no such account. */
  readonly demoToken: string | null;
}

/** Runs every step. Throws what the first that fails threw; what was started by then is the supervisor's to stop. */
export async function runPlan(plan: Plan): Promise<Running> {
  const { signal } = plan;
  const progress: Progress = {
    variables: {},
    ports: {},
    shards: { users: [], courses: [], progress: [], ai: [] },
    seededNow: false,
    demoToken: null,
  };
  const steps = new Listr<Progress>(
    [
      step(signal, 'Settings and secrets', (at) => prepare(plan, at)),
      { title: 'Servers', task: (_, task) => task.newListr(servers(plan), { concurrent: true }) },
      step(signal, 'Databases', migrateAll),
      step(signal, 'Seed', (at, report) => seedOnce(plan, at, report)),
      { title: 'Services', task: (at, task) => task.newListr(services(plan, at), { concurrent: true }) },
      step(signal, "The demo learner's first day", (at) => demoDay(plan, at)),
    ],
    {
      ctx: progress,
      registerSignalListeners: false,
      collectErrors: false,
      rendererOptions: { collapseSubtasks: false, collapseErrors: true, showErrorMessage: false },
    },
  );
  await steps.run().catch((error: unknown) => {
    throw error instanceof StepError ? error.cause : error;
  });
  return {
    gatewayUrl: progress.variables.GATEWAY_URL ?? '',
    demoToken: progress.demoToken,
  };
}

/** Reports while it works, and returns what the finished step shows. */
type Work = (progress: Progress, report: (message: string) => void) => Promise<string>;

function step(signal: AbortSignal, title: string, work: Work): ListrTask<Progress> {
  return {
    title,
    task: async (progress, task) => {
      signal.throwIfAborted();
      const report = (message: string) => {
        task.output = message;
      };
      const outcome = await work(progress, report).catch((cause: unknown) => {
        const [firstLine] = (cause as Error).message.split('\n');
        throw new StepError(signal.aborted ? 'interrupted' : firstLine, { cause });
      });
      task.title = `${title}: ${outcome}`;
    },
  };
}

async function prepare({ environment, options }: Plan, progress: Progress): Promise<string> {
  const secrets = openSecrets();
  progress.shards = await readShards(environment);
  for (const name of SERVICE_NAMES) {
    const wanted = name === 'gateway' ? options.port : undefined;
    const port = await freePort(wanted ?? SERVICES[name].port);
    progress.ports[name] = port;
    if (wanted !== undefined && port !== wanted) throw new Error(`Port ${wanted} is taken by another program.`);
  }
  progress.variables = {
    HOST: '127.0.0.1',
    REDIS_PREFIX: environment.REDIS_PREFIX || 'lyceum',
    CLAIMS_SECRET: environment.CLAIMS_SECRET || secrets.claimsSecret,
    AUTH_PRIVATE_KEY_FILE: environment.AUTH_PRIVATE_KEY_FILE || secrets.privateKeyFile,
    ...addressVariables(progress.ports),
  };
  return 'ready';
}

function servers({ environment, supervisor, signal, opening }: Plan): ListrTask<Progress>[] {
  return [
    step(signal, 'PostgreSQL', async (progress, report) => {
      const work = openPostgres(environment, progress.shards, supervisor, report);
      opening.push(work);
      const opened = await work;
      Object.assign(progress.variables, opened.variables);
      return opened.outcome;
    }),
    step(signal, 'Redis', async (progress, report) => {
      const work = openRedis(environment, supervisor, report);
      opening.push(work);
      const opened = await work;
      Object.assign(progress.variables, opened.variables);
      return opened.outcome;
    }),
  ];
}

function databaseVariable(domain: Domain, shard: string): string {
  return `DATABASE_URL_${domain}_${shard}`.toUpperCase();
}

/** What tells these databases from others: the local ones keep their name when their ports change. */
function databasesOf({ environment }: Plan, { variables, shards }: Progress): string {
  if (!namesDatabases(environment)) return 'local';
  return DOMAINS.flatMap((domain) => shards[domain].map((shard) => variables[databaseVariable(domain, shard)])).join();
}

async function migrateAll({ variables, shards }: Progress): Promise<string> {
  writeStackEnv(variables);
  const results = await Promise.all(
    DOMAINS.map((domain) => {
      const urls = Object.entries(readDatabaseUrls(variables, domain, shards[domain]));
      return migrate({ domain, urls: Object.fromEntries(urls.map(([shard, at]) => [shard, directOf(at).primary])) });
    }),
  );
  const applied = results.flat().reduce((sum, result) => sum + result.applied.length, 0);
  return applied === 0 ? 'up to date' : `${applied} migrations applied`;
}

async function seedOnce(plan: Plan, progress: Progress, report: (message: string) => void): Promise<string> {
  const databases = databasesOf(plan, progress);
  if (!plan.options.seed) return 'left out';
  if (isSeeded(databases)) return 'is there';
  await seed({ ...inheritedVariables(plan.environment), ...progress.variables }, report, plan.signal);
  progress.seededNow = true;
  return 'courses and demo accounts';
}

function services({ environment, supervisor, signal }: Plan, progress: Progress): ListrTask<Progress>[] {
  const env = { ...inheritedVariables(environment), ...progress.variables };
  const started: ServiceChild[] = [];
  const remember = () =>
    writeChildren(started.flatMap(({ pid, entry }) => (pid === undefined ? [] : [{ pid, entry }])));
  return SERVICE_NAMES.map((name) =>
    step(signal, name, async ({ ports }) => {
      const port = ports[name] ?? 0;
      const child = serviceChild(name, port, env);
      started.push(child);
      const start = () => {
        const ready = child.start();
        remember();
        return ready;
      };
      await supervisor.start({ name, start, stop: () => child.stop(), ended: () => child.ended() });
      return `on ${port}`;
    }),
  );
}

async function demoDay(plan: Plan, progress: Progress): Promise<string> {
  const gatewayUrl = progress.variables.GATEWAY_URL ?? '';
  const databases = databasesOf(plan, progress);
  if (progress.seededNow) {
    progress.demoToken = (await prepareDemoDay(gatewayUrl)).token;
    markSeeded(databases);
    return 'enrolled, a lesson completed, a summary asked for';
  }
  if (!isSeeded(databases)) return 'left out';
  // Whoever changed the demo learner's password knows how to sign in.
  const session = await signIn(gatewayUrl, demoAccounts.learner.email, demoPassword).catch(() => null);
  progress.demoToken = session?.token ?? null;
  return 'is there';
}
