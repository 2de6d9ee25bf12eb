/**
 * `.env.example` and the schemas of the processes say the same: what is read is documented, what is documented is read.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMAINS } from '@lyceum/database';
import { repositoryRoot } from '@lyceum/local-stack';
import { expect, test } from 'vitest';
import { GatewayEnv } from '../../gateway/src/config.ts';
import { EmbeddedModelEnv } from '../../packages/models/src/embedded/config.ts';
import { AiEnv } from '../../subgraphs/ai/src/config.ts';
import { CoursesEnv } from '../../subgraphs/courses/src/config.ts';
import { ProgressEnv } from '../../subgraphs/progress/src/config.ts';
import { UsersEnv } from '../../subgraphs/users/src/config.ts';
import { WorkerEnv } from '../../workers/src/config.ts';
import { readShards } from './stack.ts';

const example = readFileSync(join(repositoryRoot, '.env.example'), 'utf8');
const documented = new Map(
  [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
);

const schemas = { GatewayEnv, UsersEnv, CoursesEnv, ProgressEnv, AiEnv, WorkerEnv, EmbeddedModelEnv };
/** Read by the launcher alone. */
const launcher = ['LYCEUM_DIR'];
const read = new Set(Object.values(schemas).flatMap((schema) => Object.keys(schema.shape)));

async function databaseVariables(): Promise<string[]> {
  const shards = await readShards({});
  return DOMAINS.flatMap((domain) =>
    shards[domain].flatMap((shard) =>
      ['DATABASE_URL', 'DATABASE_REPLICA_URLS'].map((name) => `${name}_${domain}_${shard}`.toUpperCase()),
    ),
  );
}

test('every variable that a process reads is in .env.example, and no other', async () => {
  const models = readFileSync(join(repositoryRoot, 'config/models.yaml'), 'utf8');
  const named = [...models.matchAll(/^ +(?:baseUrlEnv|apiKeyEnv): (\w+)/gm)].map(([, name = '']) => name);
  const expected = new Set([...launcher, ...read, ...named, ...(await databaseVariables())]);
  expect([...documented.keys()].sort()).toEqual([...expected].sort());
});

test('every value shown in .env.example is one that the schemas accept', () => {
  const problems = Object.entries(schemas).flatMap(([name, schema]) =>
    Object.entries(schema.shape).flatMap(([variable, field]) => {
      const value = documented.get(variable);
      const result = value ? field.safeParse(value) : undefined;
      return result?.success === false ? [`${name}.${variable}: ${result.error.message}`] : [];
    }),
  );
  expect(problems).toEqual([]);
});

test('nothing in .env.example is set, so that a copy changes nothing', () => {
  expect(example.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
});
