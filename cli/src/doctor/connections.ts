/**
 * Adds up which connections the whole deployment may open to each server, and compares it with what the server gives.
 */
import { connectionProblem, surveyConnections } from '@lyceum/database';
import type { Environment } from '../config.ts';
import { reasonOf } from '../failure.ts';
import { readPools, readShards } from '../stack.ts';
import type { Finding } from './finding.ts';

export async function* examineConnections(variables: Environment): AsyncGenerator<Finding> {
  try {
    const [policy, shards] = [await readPools(variables), await readShards(variables)];
    for (const server of await surveyConnections({ policy, shards: shards.current, env: variables })) {
      const { address, role, connections, limit } = server;
      const part = `connections to ${address}`;
      const needed = `${connections} may be opened to this ${role}`;
      const problem = connectionProblem(server);
      if (problem) yield { part, wrong: problem };
      else if (limit !== null) yield { part, note: `${needed}, which gives ${limit}` };
      else {
        const why = policy.pooler ? 'through a pooler, whose limits decide' : 'it did not say what it gives';
        yield { part, skipped: true, note: `${needed}; not compared: ${why}` };
      }
    }
  } catch (error) {
    yield { part: 'config/database.yaml', wrong: reasonOf(error) };
  }
}
