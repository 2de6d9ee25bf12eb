/**
 * Lyceum as processes of the scenario's own: two shards, Redis, the subgraphs, the worker, two gateways over one
 * supergraph file. The embedded model is left out: nobody asks for it.
 */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  addressVariables,
  freePort,
  type LocalRedis,
  repositoryRoot,
  type ServiceName,
  startRedis,
} from '@lyceum/local-stack';
import { supergraphVersion } from '@lyceum/service-kit';
import type { Chaos } from '../../scenario.ts';
import { type Databases, type DatabasesOptions, openDatabases } from '../databases.ts';
import { createGatewayClient, type GatewayClient } from '../gateway-client.ts';
import { CLAIMS_SECRET } from '../gateway-process.ts';
import { type RestartableService, restartableService } from '../restartable-service.ts';

export interface Gateway extends RestartableService {
  readonly client: GatewayClient;
}

export interface LearningStack {
  readonly databases: Databases;
  /** What tells a command or a service where everything is. */
  readonly env: Readonly<Record<string, string>>;
  readonly redis: LocalRedis;
  readonly progress: RestartableService;
  /** The addresses of the services that have databases. */
  readonly subgraphUrls: readonly string[];
  readonly gateways: readonly [Gateway, Gateway];
  /** Of the gateways, and where these take operations. */
  readonly clients: readonly GatewayClient[];
  readonly urls: readonly string[];
  /** Writes a supergraph with one type more. Returns the version by which gateways tell that they serve it. */
  swapSupergraph(): Promise<string>;
}

const GATEWAY_POLICY = `
# All devices of a learner meet at one gateway while the other is dead; what was cut may not have been noticed yet.
limits: { webSocket: { maxSocketsPerUser: 30 } }
# Writes go on as soon as a subgraph lives again, before those who follow are back.
subgraphs: { breaker: { openMs: 250 } }
`;
const SERVICES = ['users', 'courses', 'progress', 'ai', 'worker', 'gateway'] as const;
const CONNECTIONS = 50;
const SEED_MS = 60_000;

/** Everything belongs to the run: it is closed when the scenario ends, also when this throws. The catalogue is seeded. */
export async function openLearningStack(chaos: Chaos, options: DatabasesOptions = {}): Promise<LearningStack> {
  const { folder } = chaos;
  const databases = chaos.own(await openDatabases(folder, options), (d) => d.close());
  const redis = chaos.own(await startRedis({ directory: join(folder, 'redis') }), (r) => r.stop());
  const ports: Partial<Record<ServiceName, number>> = {};
  for (const name of SERVICES) ports[name] = await freePort();
  const env = {
    ...databases.env,
    ...addressVariables(ports),
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    REDIS_URL: redis.url,
    REDIS_PREFIX: 'chaos',
    CLAIMS_SECRET,
    AUTH_PRIVATE_KEY_FILE: await writePrivateKey(folder),
  };
  const supergraphFile = await writeConfiguration(join(folder, 'config'));
  const gatewayEnv = { ...env, CONFIG_DIR: dirname(supergraphFile), SUPERGRAPH_FILE: supergraphFile };

  const service = (name: ServiceName, port = ports[name]!, variables: Readonly<Record<string, string>> = env) => {
    const logFile = join(folder, `${name}-${port}.log`);
    return chaos.own(restartableService({ name, port, env: variables, logFile }), (s) => s.stop());
  };
  const gateway = (port?: number): Gateway => {
    const process = service('gateway', port, gatewayEnv);
    return { ...process, client: chaos.own(createGatewayClient(process.url, CONNECTIONS), (c) => c.close()) };
  };
  const progress = service('progress');
  const gateways = [gateway(), gateway(await freePort())] as const;
  const subgraphs = [service('users'), service('courses'), progress, service('ai')];
  const services = [...subgraphs, service('worker'), ...gateways];
  await Promise.all([seed(env), ...services.map((each) => each.start())]);

  let edition = 0;
  return {
    databases,
    env,
    redis,
    progress,
    subgraphUrls: subgraphs.map(({ url }) => url),
    gateways,
    clients: gateways.map(({ client }) => client),
    urls: gateways.map(({ url }) => `${url}/graphql`),
    async swapSupergraph() {
      edition += 1;
      const sdl = `${await readFile(join(repositoryRoot, 'supergraph.graphql'), 'utf8')}${addition(edition)}`;
      await writeFile(`${supergraphFile}.next`, sdl);
      await rename(`${supergraphFile}.next`, supergraphFile);
      return supergraphVersion(sdl);
    },
  };
}

/** Returns where the supergraph lies. */
async function writeConfiguration(folder: string): Promise<string> {
  await mkdir(folder);
  await writeFile(join(folder, 'gateway.yaml'), GATEWAY_POLICY);
  const supergraphFile = join(folder, 'supergraph.graphql');
  await copyFile(join(repositoryRoot, 'supergraph.graphql'), supergraphFile);
  return supergraphFile;
}

async function writePrivateKey(folder: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const file = join(folder, 'auth.key.pem');
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return file;
}

function addition(edition: number): string {
  return `\ntype Edition${edition} @join__type(graph: COURSES) {\n  number: Int\n}\n`;
}

/** The courses of the repository, by the command with which anybody seeds them. */
async function seed(env: Readonly<Record<string, string>>): Promise<void> {
  await promisify(execFile)(process.execPath, [join(repositoryRoot, 'cli/src/main.ts'), 'seed'], {
    env: { PATH: dirname(process.execPath), ...env },
    timeout: SEED_MS,
  });
}
