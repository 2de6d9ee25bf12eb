/**
 * The examinations, in the order in which parts depend on one another. Each takes a few seconds at most and never throws.
 */
import { readFile } from 'node:fs/promises';
import { DOMAINS, type Domain, directOf, type ShardUrls, urlsOfShard } from '@lyceum/database';
import type { Environment } from '../config.ts';
import { reasonOf } from '../failure.ts';
import { withShards } from '../shards/open-shards.ts';
import { readShards } from '../stack.ts';
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
  try {
    await readShards(variables);
  } catch (error) {
    yield { part: 'config/shards.yaml', wrong: reasonOf(error) };
    return;
  }
  for (const domain of DOMAINS) {
    try {
      for (const [shard, known] of await shardsNow(variables, domain)) {
        const { primary, replicas } = directOf(known);
        yield await finding(`${domain} on ${shard}`, () => examinePrimary(domain, primary));
        if (known.primary !== primary) {
          yield await finding(`${domain} on ${shard}, pooler`, () => examinePooler(known.primary));
        }
        for (const [index, replica] of replicas.entries()) {
          const name = replicas.length === 1 ? 'replica' : `replica ${index + 1}`;
          yield await finding(`${domain} on ${shard}, ${name}`, () => examineReplica(replica));
        }
      }
    } catch (error) {
      yield { part: `${domain} databases`, wrong: reasonOf(error) };
    }
  }
}

/** By the newest map that a server tells: shards join, and servers take the place of others. */
function shardsNow(variables: Environment, domain: Domain): Promise<[shard: string, urls: ShardUrls][]> {
  return withShards(domain, async (all) => {
    const [lines] = all;
    const { members } = await lines!.refreshFromAny();
    return Object.entries(members).map(([shard, member]) => [shard, urlsOfShard(variables, domain, shard, member)]);
  });
}
