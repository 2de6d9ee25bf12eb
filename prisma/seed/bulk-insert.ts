/**
 * Many rows in one statement: `INSERT … SELECT FROM unnest(…)` with an array per column, written as Postgres array text.
 */

type Value = string | number | boolean | null | readonly string[];

export interface Column<Row> {
  readonly name: string;
  /** Postgres' type of one value, such as `uuid` or `activity_kind`. A list of texts is `text[]`. */
  readonly type: string;
  readonly value: (row: Row) => Value;
}

export interface Queryable {
  query(text: string, values: unknown[]): Promise<unknown>;
}

/** Rows whose key is there already are left as they are. */
export async function insertMany<Row>(
  client: Queryable,
  table: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const names = columns.map((column) => `"${column.name}"`);
  // Arrays of arrays must be rectangular, so a list travels as text and is cast back per row.
  const values = columns.map((column) => (column.type === 'text[]' ? `"${column.name}"::text[]` : `"${column.name}"`));
  const parameters = columns.map((column, n) => `$${n + 1}::${column.type === 'text[]' ? 'text' : column.type}[]`);
  await client.query(
    `INSERT INTO ${table} (${names}) SELECT ${values} FROM unnest(${parameters}) AS r(${names}) ON CONFLICT DO NOTHING`,
    columns.map((column) => arrayText(rows.map(column.value))),
  );
}

/** `{…}` with every text quoted. */
function arrayText(values: readonly Value[]): string {
  return `{${values.map(elementText).join(',')}}`;
}

function elementText(value: Value): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string')
    return /[^\w.:-]/.test(value) || value === '' || /^null$/i.test(value) ? quote(value) : value;
  if (Array.isArray(value)) return quote(arrayText(value));
  return String(value);
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
