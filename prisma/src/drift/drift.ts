/**
 * Where schema.prisma and a database differ.
 *
 * What Prisma has no word for is allowed by name, with a reason, in `<domain>/beyond-prisma.yaml`; an entry whose object is
 * not there, or no different, is itself a difference, so that the list stays true.
 */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Domain } from '../domain.ts';
import { readActualSchema } from './actual-schema.ts';
import { expectedSchema, readDatamodel } from './expected-schema.ts';
import type { SchemaObjects } from './schema-objects.ts';

const TIMEOUT_MS = 10_000;

/** Reasons by object. */
const Allowed = z.record(z.string(), z.string().min(1));
export type Allowed = z.output<typeof Allowed>;

export interface Drift {
  readonly object: string;
  readonly problem: string;
}

/** None: they agree. */
export async function findDrift(domain: Domain, url: string): Promise<Drift[]> {
  const expected = expectedSchema(await readDatamodel(domain));
  const allowedFile = new URL(`../../${domain}/beyond-prisma.yaml`, import.meta.url);
  const allowed = Allowed.parse(parse(await readFile(allowedFile, 'utf8')));
  const client = new pg.Client({
    connectionString: url,
    application_name: 'lyceum-drift',
    connectionTimeoutMillis: TIMEOUT_MS,
    statement_timeout: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return compareSchemas(expected, await readActualSchema(client, domain), allowed);
  } finally {
    await client.end().catch(() => {});
  }
}

export function compareSchemas(expected: SchemaObjects, actual: SchemaObjects, allowed: Allowed): Drift[] {
  const drift: Drift[] = [];
  for (const object of new Set([...expected.keys(), ...actual.keys(), ...Object.keys(allowed)])) {
    const problem = problemOf(expected.get(object), actual.get(object), object in allowed);
    if (problem) drift.push({ object, problem });
  }
  return drift.sort((a, b) => (a.object < b.object ? -1 : 1));
}

function problemOf(expected: string | undefined, actual: string | undefined, isAllowed: boolean): string | null {
  if (isAllowed) {
    if (actual === undefined) return 'is in beyond-prisma.yaml, but not in the database';
    return actual === expected ? 'is in beyond-prisma.yaml, but no different from schema.prisma' : null;
  }
  if (actual === undefined) return 'is in schema.prisma, but not in the database';
  if (expected === undefined) return 'is in the database, but neither in schema.prisma nor in beyond-prisma.yaml';
  return actual === expected ? null : `is "${actual}" in the database, "${expected}" in schema.prisma`;
}
