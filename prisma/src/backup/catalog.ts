/**
 * What a database consists of, as its own catalog says: tables in the order of their references, columns, partitions,
 * sequences, migrations. Nothing of it is written by hand, so a new table is in the next backup.
 */
import pg from 'pg';
import { BackupError } from './backup-error.ts';
import type { BackupDatabase, BackupTable } from './manifest.ts';

/** The history of migrations is restored by migrating, and travels in the manifest. */
const HISTORY = '_prisma_migrations';

export type CatalogTable = Pick<BackupTable, 'name' | 'columns' | 'partitions'>;

interface TableRow extends CatalogTable {
  readonly references: readonly string[];
}

/** A partitioned table stands for its partitions. What extensions brought is not ours. */
const TABLES = `
  SELECT c.relname AS name,
    (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull)
                     ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
    (SELECT coalesce(json_agg(json_build_object('name', p.relname, 'bound', pg_get_expr(p.relpartbound, p.oid))
                              ORDER BY p.relname), '[]')
     FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid WHERE i.inhparent = c.oid) AS partitions,
    (SELECT coalesce(json_agg(DISTINCT r.relname), '[]')
     FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
     WHERE f.conrelid = c.oid AND f.contype = 'f' AND r.oid <> c.oid) AS "references"
  FROM pg_class c
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> $1
    AND NOT EXISTS (SELECT 1 FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY c.relname`;

/** A table comes after those that its foreign keys refer to. */
export async function readTables(client: pg.Client): Promise<CatalogTable[]> {
  const { rows } = await client.query<TableRow>(TABLES, [HISTORY]);
  const waiting = new Map(rows.map((row) => [row.name, row]));
  const ordered: CatalogTable[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting.values()].filter((row) => !row.references.some((name) => waiting.has(name)));
    if (ready.length === 0) {
      throw new BackupError(`These tables refer to one another in a circle: ${[...waiting.keys()].join(', ')}.`);
    }
    for (const { name, columns, partitions } of ready) {
      ordered.push({ name, columns, partitions });
      waiting.delete(name);
    }
  }
  return ordered;
}

type CatalogSequence = BackupDatabase['sequences'][number];

/** Read after the rows: a sequence knows no snapshot, and must not be behind what they hold. */
export async function readSequences(client: pg.Client): Promise<CatalogSequence[]> {
  const { rows: names } = await client.query<{ name: string }>(`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' ORDER BY relname`);
  const sequences: CatalogSequence[] = [];
  for (const { name } of names) {
    const { rows } = await client.query<Omit<CatalogSequence, 'name'>>(
      `SELECT last_value::text AS value, is_called AS used FROM ${pg.escapeIdentifier(name)}`,
    );
    sequences.push({ name, ...rows[0]! });
  }
  return sequences;
}

export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/** In order of application; none for a database that was never migrated. */
export async function readAppliedMigrations(client: pg.Client): Promise<AppliedMigration[]> {
  if (!(await hasTable(client, HISTORY))) return [];
  const { rows } = await client.query<AppliedMigration>(`
    SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
    FROM ${HISTORY} WHERE rolled_back_at IS NULL ORDER BY migration_name`);
  return rows;
}

export async function hasTable(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>(
    `SELECT to_regclass('public.' || quote_ident($1)) IS NOT NULL AS has`,
    [name],
  );
  return rows[0]!.has;
}
