/**
 * The examinations, in the order in which parts depend on one another. Each takes a few seconds at most and never throws.
 */
import { readFile } from 'node:fs/promises';
import { type Domain, directOf, type ShardUrls, urlsOfShard } from '@lyceum/database';
import type { Environment } from '../config.ts';
import { reasonOf } from '../failure.ts';
import { withShards } from '../shards/open-shards.ts';
import { examineConnections } from './connections.ts';
import { examinePooler, examinePrimary, examineReplica } from './databases.ts';
import { type Finding, finding } from './finding.ts';
import { examineRedis } from './redis.ts';
import { examineServices } from './services.ts';

export async function* examine(variables: Environment): AsyncGenerator<Finding> {
  yield examineSecret(variables);
  yield await examineKey(variables);
  yield* examineDatabases(variables);
  yield* examineConnections(variables);
  yield await examineRedis(variables.REDIS_URL);
  yield* examineServices(variables);
}

function examineSecret({ CLAIMS_SECRET: secret = '' }: Environment): Finding {
  const part = 'CLAIMS_SECRET';
  return secret.length >= 32 ? { part, note: 'set' } : { part, wrong: 'must be set to at least 32 characters' };
}

function examineKey({ AUTH_PRIVATE_KEY_FILE: file }: Environment): Promise<Finding> {
  return finding('AUTH_PRIVATE_KEY_FILE', async () => {
    if (!file) throw new Error('is not set: it names the PKCS8 PEM file of an RSA key');
    if (!(await readFile(file, 'utf8')).includes('BEGIN PRIVATE KEY'))
      throw new Error(`${file} holds no PKCS8 PEM key`);
    return 'readable';
  });
}

async function* examineDatabases(variables: Environment): AsyncGenerator<Finding> {
  const domains = await shardsNow(variables).catch((error: unknown) => reasonOf(error));
  if (typeof domains === 'string') {
    yield { part: 'config/shards.yaml', wrong: domains };
    return;
  }
  for (const [domain, shards] of domains) {
    if (shards.status === 'rejected') yield { part: `${domain} databases`, wrong: reasonOf(shards.reason) };
    else for (const [shard, urls] of shards.value) yield* examineShard(domain, shard, urls);
  }
}

async function* examineShard(domain: Domain, shard: string, urls: ShardUrls): AsyncGenerator<Finding> {
  const { primary, replicas } = directOf(urls);
  yield await finding(`${domain} on ${shard}`, () => examinePrimary(domain, primary));
  if (urls.primary !== primary) {
    yield await finding(`${domain} on ${shard}, pooler`, () => examinePooler(urls.primary));
  }
  for (const [index, replica] of replicas.entries()) {
    const name = replicas.length === 1 ? 'replica' : `replica ${index + 1}`;
    yield await finding(`${domain} on ${shard}, ${name}`, () => examineReplica(replica));
  }
}

type Shards = [shard: string, urls: ShardUrls][];

/**
 * By the newest map that a server tells: shards join, and servers take the place of others. A domain is rejected whose URLs
 * are not given. Throws if the file of shards is no good.
 */
function shardsNow(variables: Environment): Promise<[Domain, PromiseSettledResult<Shards>][]> {
  return withShards(undefined, async (all) => {
    const told = await Promise.allSettled(
      all.map(async (lines): Promise<Shards> => {
        const { members } = await lines.refreshFromAny();
        return Object.entries(members).map(([shard, member]) => [
          shard,
          urlsOfShard(variables, lines.domain, shard, member),
        ]);
      }),
    );
    return all.map(({ domain }, index) => [domain, told[index]!]);
  });
}
