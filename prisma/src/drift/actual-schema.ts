/**
 * What a database consists of, by its catalogs. Months of partitioned tables, attached or not, indexes of
 * a move of buckets, what belongs to extensions, and Prisma's own table are no part of it.
 */
import type pg from 'pg';
import type { Domain } from '../domain.ts';
import { type PartitionedTable, partitionedTables } from '../partitions/partitions.ts';
import { describeColumn, describeForeignKey, indexKey, type SchemaObjects } from './schema-objects.ts';

export async function readActualSchema(client: pg.Client, domain: Domain): Promise<SchemaObjects> {
  const objects = new Map<string, string>();
  const months = monthsPattern(partitionedTables(domain));
  for (const read of [readTables, readColumns, readConstraints, readIndexes, readEnums, readOthers]) {
    for (const [key, value] of await read(client, months)) objects.set(key, value);
  }
  return objects;
}

type Reader = (client: pg.Client, months: string) => Promise<[string, string][]>;

function monthsPattern(tables: readonly PartitionedTable[]): string {
  return `^(${['_prisma_migrations', ...tables.map((table) => `${table}_\\d{4}_\\d{2}`)].join('|')})$`;
}

/** `c` is a relation of ours; $1 what is left out by name. */
const OURS = `c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND c.relname !~ $1
  AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = c.oid AND e.deptype = 'e')`;

const readTables: Reader = async (client, months) => {
  const { rows } = await client.query<{ name: string; kind: string }>(
    `SELECT relname AS name, relkind AS kind FROM pg_class c WHERE ${OURS} AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
       AND NOT EXISTS (SELECT 1 FROM pg_depend o WHERE o.objid = c.oid AND o.deptype IN ('a', 'i') AND relkind = 'S')`,
    [months],
  );
  return rows.flatMap(({ name, kind }): [string, string][] => {
    if (kind === 'p')
      return [
        [`table ${name}`, ''],
        [`partitions ${name}`, ''],
      ];
    const word = { r: 'table', v: 'view', m: 'materialized view', f: 'foreign table', S: 'sequence' }[kind];
    return [[`${word} ${name}`, '']];
  });
};

const readColumns: Reader = async (client, months) => {
  const { rows } = await client.query<{
    column: string;
    type: string;
    nullable: boolean;
    hasDefault: boolean;
    generated: boolean;
    collation: string | null;
  }>(
    `SELECT c.relname || '.' || a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
       NOT a.attnotnull AS nullable, a.atthasdef OR a.attidentity <> '' AS "hasDefault", a.attgenerated <> '' AS generated,
       l.collname AS collation
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_collation l ON l.oid = a.attcollation AND a.attcollation <> t.typcollation
     WHERE ${OURS} AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped`,
    [months],
  );
  return rows.flatMap(({ column, generated, collation, ...shape }) => {
    const objects: [string, string][] = [[`column ${column}`, describeColumn(shape)]];
    if (generated) objects.push([`generated column ${column}`, '']);
    if (collation) objects.push([`collation ${column}`, collation]);
    return objects;
  });
};

const ACTIONS: Readonly<Record<string, string>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
};

const readConstraints: Reader = async (client, months) => {
  const { rows } = await client.query<{
    table: string;
    name: string;
    kind: string;
    columns: string;
    target: string | null;
    targetColumns: string | null;
    onDelete: string;
    onUpdate: string;
  }>(
    `SELECT c.relname AS table, k.conname AS name, k.contype AS kind, t.relname AS target,
       k.confdeltype AS "onDelete", k.confupdtype AS "onUpdate",
       (SELECT string_agg(a.attname, ', ' ORDER BY n) FROM unnest(k.conkey) WITH ORDINALITY u(num, n)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num) AS columns,
       (SELECT string_agg(a.attname, ', ' ORDER BY n) FROM unnest(k.confkey) WITH ORDINALITY u(num, n)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num) AS "targetColumns"
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class t ON t.oid = k.confrelid
     WHERE ${OURS} AND k.contype IN ('p', 'f', 'c', 'x')`,
    [months],
  );
  return rows.map((row): [string, string] => {
    if (row.kind === 'p') return [`primary key ${row.table}`, row.columns];
    if (row.kind !== 'f') return [`${row.kind === 'c' ? 'check' : 'exclusion'} ${row.table} ${row.name}`, ''];
    const description = describeForeignKey({
      target: row.target!,
      columns: row.targetColumns!,
      onDelete: ACTIONS[row.onDelete]!,
      onUpdate: ACTIONS[row.onUpdate]!,
    });
    return [`foreign key ${row.table} (${row.columns})`, description];
  });
};

/** Direction, order of nulls, operator class and condition are told where they are not what they are by default. */
const readIndexes: Reader = async (client, months) => {
  const { rows } = await client.query<{
    table: string;
    isUnique: boolean;
    valid: boolean;
    method: string;
    columns: string;
    included: string | null;
    condition: string | null;
  }>(
    `SELECT c.relname AS table, i.indisunique AS "isUnique", i.indisvalid AS valid, m.amname AS method,
       pg_get_expr(i.indpred, i.indrelid) AS condition,
       (SELECT string_agg(regexp_replace(pg_get_indexdef(i.indexrelid, n::int, true), '^"(.*)"$', '\\1')
          || CASE i.indoption[n - 1] & 3 WHEN 0 THEN '' WHEN 3 THEN ' desc' WHEN 1 THEN ' desc nulls last'
             ELSE ' nulls first' END
          || CASE WHEN o.opcdefault THEN '' ELSE ' ' || o.opcname END, ', ' ORDER BY n)
        FROM generate_series(1, i.indnkeyatts) n JOIN pg_opclass o ON o.oid = i.indclass[n - 1]) AS columns,
       (SELECT string_agg(pg_get_indexdef(i.indexrelid, n::int, true), ', ' ORDER BY n)
        FROM generate_series(i.indnkeyatts + 1, i.indnatts) n) AS included
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
     JOIN pg_am m ON m.oid = x.relam
     WHERE ${OURS} AND c.relkind IN ('r', 'p', 'm') AND NOT i.indisprimary
       AND NOT starts_with(x.relname, 'lyceum_move_')`,
    [months],
  );
  return rows.map(({ table, isUnique, valid, method, columns, included, condition }) => [
    indexKey(table, isUnique, method, columns) +
      (included ? ` including ${included}` : '') +
      (condition ? ` where ${condition}` : '') +
      (valid ? '' : ', left invalid'),
    '',
  ]);
};

const readEnums: Reader = async (client) => {
  const { rows } = await client.query<{ name: string; values: string }>(
    `SELECT t.typname AS name, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) AS values
     FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typnamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e') GROUP BY t.typname`,
  );
  return rows.map(({ name, values }) => [`enum ${name}`, values]);
};

/** What schema.prisma has no word for. */
const readOthers: Reader = async (client, months) => {
  const { rows } = await client.query<{ object: string }>(
    `SELECT 'trigger ' || c.relname || ' ' || t.tgname AS object
     FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE ${OURS} AND NOT t.tgisinternal
     UNION ALL
     SELECT 'function ' || p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')`,
    [months],
  );
  return rows.map(({ object }) => [object, '']);
};
