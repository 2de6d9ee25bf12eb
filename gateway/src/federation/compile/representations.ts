/**
 * Writes the representation of an entity: the fields by which a subgraph knows it, as JSON text.
 *
 * The text is written in the order of the plan, so it is also the key under which equal representations are recognised.
 * What a plan requires is flattened once per type; a request only reads and writes.
 */
import type { FetchDataRewrite, QueryPlanSelectionNode } from '@apollo/query-planner';
import { merge } from '../execute/merge.ts';
import type { RequiredField } from '../plan/required-fields.ts';
import { quote } from '../quote.ts';
import { type Data, readKey } from './data.ts';
import { compileRewrites } from './rewrites.ts';
import type { TypeTest } from './type-conditions.ts';

/**
 * Null if the entity has no type, or lacks a field that is required: it cannot be asked for. `mayLack` lets fields of the
 * entity itself be left out: a condition of the operation may have excluded what needs them.
 */
export type WriteRepresentation = (entity: Data, mayLack?: (key: string) => boolean) => string | null;

export interface Representation extends WriteRepresentation {
  /**
   * The keys of leaves whose values tell entities of a type apart: equal ones need not be written to be recognised. Null
   * where only the text can tell.
   */
  keysOf(typename: string): readonly string[] | null;
}

/** What a type's representation must hold, for its entities to be asked for at all. */
export interface Demands {
  readonly needs: ReadonlySet<string>;
  /** One of these, if there are any. */
  readonly keys: readonly ReadonlySet<string>[];
}

interface Graph {
  readonly isA: TypeTest;
  /** By the plan's name. */
  readonly required: ReadonlyMap<string, RequiredField>;
}

interface WrittenField {
  readonly key: string;
  /** The key as JSON, with its colon. */
  readonly label: string;
  /** Absent for leaves. */
  readonly write?: WriteRepresentation;
  /** Other names of the plan for the same field: a key may name what a `@requires` reads more of. */
  readonly more?: readonly WrittenField[];
}

export function compileRepresentation(
  requires: readonly QueryPlanSelectionNode[],
  inputRewrites: readonly FetchDataRewrite[] | undefined,
  isA: TypeTest,
  required: ReadonlyMap<string, RequiredField> = new Map(),
  demands: Demands = { needs: new Set(), keys: [] },
): Representation {
  const graph = { isA, required };
  const write = compileSelections(requires, graph, demands);
  const rewrite = compileRewrites(inputRewrites, isA);
  const keysByType = new Map<string, readonly string[] | null>();
  const keysOf = (typename: string) => {
    let keys = keysByType.get(typename);
    if (keys === undefined) {
      const fields = fieldsOf(requires, typename, graph);
      const simple = !rewrite && fields.every((field) => !field.write && !field.more);
      keys = simple ? fields.map(({ key }) => key).filter((key) => key !== '__typename') : null;
      keysByType.set(typename, keys);
    }
    return keys;
  };
  if (!rewrite) return Object.assign(write, { keysOf });
  const rewritten: WriteRepresentation = (entity, mayLack) => {
    const text = write(entity, mayLack);
    if (text === null) return null;
    const representation = JSON.parse(text);
    rewrite(representation);
    return JSON.stringify(representation);
  };
  return Object.assign(rewritten, { keysOf });
}

/** `demands` are made of an entity, not of what lies in it. */
function compileSelections(
  selections: readonly QueryPlanSelectionNode[],
  graph: Graph,
  demands?: Demands,
): WriteRepresentation {
  const byType = new Map<string, readonly WrittenField[] | null>();

  return (data, mayLack) => {
    const typename = typeof data.__typename === 'string' ? data.__typename : '';
    let fields = byType.get(typename);
    if (fields === undefined) {
      const found = fieldsOf(selections, typename, graph);
      fields =
        !demands ||
        satisfies(new Set(found.flatMap(({ key, more = [] }) => [key, ...more.map((one) => one.key)])), demands)
          ? found
          : null;
      byType.set(typename, fields);
    }
    if (fields === null) return null;
    let text = '';
    let identified = !mayLack;
    let lacking: Set<string> | undefined;
    for (const { key, label, write, more } of fields) {
      const value = readKey(data, key);
      if (value === undefined) {
        if (demands?.needs.has(key) || !mayLack?.(key)) return null;
        lacking ??= new Set();
        lacking.add(key);
        continue;
      }
      let written = write ? writeNested(value, write) : writeLeaf(value);
      if (more && written !== null) written = withMore(written, more, data);
      if (written === null) return null;
      identified ||= key !== '__typename';
      text += text === '' ? label + written : `,${label}${written}`;
    }
    if (!identified || (lacking && !keepsKey(demands, lacking))) return null;
    return `{${text}}`;
  };
}

function satisfies(names: ReadonlySet<string>, { needs, keys }: Demands): boolean {
  // Without `__typename` no subgraph could tell what is meant: no condition of the plan matched the type.
  const holds = (wanted: ReadonlySet<string>) => [...wanted].every((name) => names.has(name));
  return names.has('__typename') && holds(needs) && (keys.length === 0 || keys.some(holds));
}

/** Whether one of the keys is there without these fields. */
function keepsKey(demands: Demands | undefined, lacking: ReadonlySet<string>): boolean {
  return !demands?.keys.length || demands.keys.some((names) => [...names].every((name) => !lacking.has(name)));
}

/** Null if one of the others is missing. */
function withMore(text: string, others: readonly WrittenField[], data: Data): string | null {
  const whole: Data = { value: JSON.parse(text) };
  for (const { key, write } of others) {
    const value = readKey(data, key);
    const written = value === undefined ? null : write ? writeNested(value, write) : writeLeaf(value);
    if (written === null) return null;
    merge(whole, { value: JSON.parse(written) });
  }
  return JSON.stringify(whole.value);
}

function writeNested(value: unknown, write: WriteRepresentation): string | null {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (!Array.isArray(value)) return write(value as Data);
  const items: string[] = [];
  for (const item of value) {
    const written = writeNested(item, write);
    if (written === null) return null;
    items.push(written);
  }
  return `[${items.join(',')}]`;
}

function writeLeaf(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}

/** The fields that are required of one type, each once, with the selections below it put together. */
function fieldsOf(selections: readonly QueryPlanSelectionNode[], typename: string, graph: Graph): WrittenField[] {
  const { isA, required } = graph;
  const merged = new Map<string, QueryPlanSelectionNode[] | null>();
  const visit = (nodes: readonly QueryPlanSelectionNode[]): void => {
    for (const node of nodes) {
      if (node.kind === 'InlineFragment') {
        if (!node.typeCondition || (typename !== '' && isA(typename, node.typeCondition))) visit(node.selections);
        continue;
      }
      const key = node.alias ?? node.name;
      merged.set(key, node.selections ? [...(merged.get(key) ?? []), ...node.selections] : null);
    }
  };
  visit(selections);
  const written = [...merged].map(([key, below]) => ({
    key,
    label: `${JSON.stringify(required.get(key)?.name ?? key)}:`,
    ...(below && { write: compileSelections(below, graph) }),
  }));
  return [...Map.groupBy(written, ({ label }) => label).values()].map(([first, ...more]) =>
    more.length > 0 ? { ...first!, more } : first!,
  );
}
