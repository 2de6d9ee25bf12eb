/**
 * Reads a plan as EXPLAIN (FORMAT JSON) writes it.
 */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Filter?: string;
  readonly Plans?: readonly PlanNode[];
}

export interface TableSize {
  /** Of a partition the partitioned table, else itself. */
  readonly table: string;
  readonly rows: number;
  readonly columns: readonly string[];
}

export interface LargeScan {
  readonly table: string;
  /** In what is read one by one, over all partitions. */
  readonly rows: number;
  readonly remedy: string;
}

/** Sequential scans, added up over the partitions of a table, that read `minRows` or more. */
export function largeScans(plan: PlanNode, sizes: ReadonlyMap<string, TableSize>, minRows: number): LargeScan[] {
  const scanned = new Map<string, { rows: number; columns: readonly string[] }>();
  for (const node of nodesOf(plan)) {
    if (node['Node Type'] !== 'Seq Scan') continue;
    const size = sizes.get(node['Relation Name'] ?? '');
    if (!size) continue;
    const known = scanned.get(size.table);
    const columns = known?.columns ?? filteredColumns(node.Filter, size.columns);
    scanned.set(size.table, { rows: size.rows + (known?.rows ?? 0), columns });
  }
  return [...scanned]
    .filter(([, { rows }]) => rows >= minRows)
    .map(([table, { rows, columns }]) => ({ table, rows, remedy: remedyFor(table, columns) }));
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/** In the order in which the filter names them. */
function filteredColumns(filter: string | undefined, columns: readonly string[]): string[] {
  const words = new Set(filter?.match(/\w+/g));
  return [...words].filter((word) => columns.includes(word));
}

function remedyFor(table: string, columns: readonly string[]): string {
  if (columns.length === 0) return `bound the statement by a key of ${table}, or read it in pages`;
  return `an index that serves it, in a migration: CREATE INDEX CONCURRENTLY … ON "${table}" (${columns.join(', ')})`;
}

/** A line for each node, indented. Children that differ in the partition alone are told once. */
export function renderPlan(node: PlanNode, depth = 0): string[] {
  const { 'Node Type': type, 'Relation Name': relation, 'Index Name': index } = node;
  const line = `${'  '.repeat(depth)}${type}${index ? ` using ${index}` : ''}${relation ? ` on ${relation}` : ''}`;
  const children = (node.Plans ?? []).map((child) => renderPlan(child, depth + 1));
  const lines = [line];
  let alike = 0;
  for (const [position, child] of children.entries()) {
    const previous = children[position - 1];
    if (previous && withoutMonths(previous) === withoutMonths(child)) {
      alike += 1;
      continue;
    }
    if (alike > 0) lines.push(`${'  '.repeat(depth + 1)}and ${alike} more alike`);
    alike = 0;
    lines.push(...child);
  }
  if (alike > 0) lines.push(`${'  '.repeat(depth + 1)}and ${alike} more alike`);
  return lines;
}

function withoutMonths(lines: readonly string[]): string {
  return lines.join('\n').replaceAll(/_(\d{4}_\d{2}|default)/g, '');
}
