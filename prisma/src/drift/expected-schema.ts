/**
 * What the database of a domain must consist of, by its schema.prisma.
 */
import { readFile } from 'node:fs/promises';
import type { Domain } from '../domain.ts';
import { describeColumn, describeForeignKey, indexKey, type SchemaObjects } from './schema-objects.ts';

/** The parts of Prisma's datamodel (DMMF) that matter here. */
export interface Datamodel {
  readonly models: readonly Model[];
  readonly enums: readonly {
    readonly name: string;
    readonly dbName: string | null;
    readonly values: readonly { readonly name: string; readonly dbName: string | null }[];
  }[];
  readonly indexes: readonly {
    readonly model: string;
    readonly type: 'id' | 'normal' | 'unique' | 'fulltext';
    readonly algorithm?: string;
    readonly fields: readonly { readonly name: string; readonly sortOrder?: 'asc' | 'desc' }[];
  }[];
}

interface Model {
  readonly name: string;
  readonly dbName: string | null;
  readonly fields: readonly Field[];
}

interface Field {
  readonly name: string;
  readonly dbName?: string;
  readonly kind: 'scalar' | 'object' | 'enum';
  readonly type: string;
  readonly nativeType?: readonly [string, readonly string[]] | null;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly hasDefaultValue: boolean;
  readonly default?: unknown;
  readonly relationFromFields?: readonly string[];
  readonly relationToFields?: readonly string[];
  readonly relationOnDelete?: string;
  readonly relationOnUpdate?: string;
}

export async function readDatamodel(domain: Domain): Promise<Datamodel> {
  const file = new URL(`../__generated__/${domain}/datamodel.json`, import.meta.url);
  return JSON.parse(await readFile(file, 'utf8'));
}

export function expectedSchema({ models, enums, indexes }: Datamodel): SchemaObjects {
  const objects = new Map<string, string>();
  const modelOf = (name: string) => models.find((model) => model.name === name)!;
  for (const { name, dbName, values } of enums) {
    objects.set(`enum ${dbName ?? name}`, values.map((value) => value.dbName ?? value.name).join(', '));
  }
  for (const model of models) {
    const table = tableOf(model);
    objects.set(`table ${table}`, '');
    for (const field of model.fields) {
      if (field.kind !== 'object')
        objects.set(`column ${table}.${columnOf(model, field.name)}`, columnShape(field, enums));
      else if (field.relationFromFields?.length) addForeignKey(objects, model, field, modelOf(field.type));
    }
  }
  for (const { model: name, type, algorithm = 'BTree', fields } of indexes) {
    const model = modelOf(name);
    const columns = fields
      .map((field) => `${columnOf(model, field.name)}${field.sortOrder === 'desc' ? ' desc' : ''}`)
      .join(', ');
    if (type === 'id') objects.set(`primary key ${tableOf(model)}`, columns);
    else objects.set(indexKey(tableOf(model), type === 'unique', algorithm.toLowerCase(), columns), '');
  }
  return objects;
}

const tableOf = ({ name, dbName }: Model): string => dbName ?? name;

/** A field of an unsupported type is not in the datamodel; indexes name it all the same. */
function columnOf({ fields }: Model, name: string): string {
  return fields.find((field) => field.name === name)?.dbName ?? name;
}

function columnShape(field: Field, enums: Datamodel['enums']): string {
  const base = field.kind === 'enum' ? enumType(field, enums) : scalarType(field);
  const type = field.isList ? `${base}[]` : base;
  return describeColumn({ type, nullable: !field.isRequired, hasDefault: hasDatabaseDefault(field) });
}

function enumType({ type }: Field, enums: Datamodel['enums']): string {
  return enums.find(({ name }) => name === type)?.dbName ?? type;
}

/** By Prisma's own defaults where the schema names no native type. */
const SCALARS: Readonly<Record<string, string>> = {
  String: 'text',
  Boolean: 'boolean',
  Int: 'integer',
  BigInt: 'bigint',
  Float: 'double precision',
  Decimal: 'numeric(65,30)',
  DateTime: 'timestamp(3) without time zone',
  Json: 'jsonb',
  Bytes: 'bytea',
};

const NATIVE: Readonly<Record<string, (n: string) => string>> = {
  Text: () => 'text',
  Uuid: () => 'uuid',
  VarChar: (n) => `character varying${n}`,
  Char: (n) => `character${n}`,
  Citext: () => 'citext',
  Inet: () => 'inet',
  SmallInt: () => 'smallint',
  Integer: () => 'integer',
  BigInt: () => 'bigint',
  Real: () => 'real',
  DoublePrecision: () => 'double precision',
  Decimal: (n) => `numeric${n}`,
  Boolean: () => 'boolean',
  Date: () => 'date',
  Timestamp: (n) => `timestamp${n} without time zone`,
  Timestamptz: (n) => `timestamp${n} with time zone`,
  Json: () => 'json',
  JsonB: () => 'jsonb',
  ByteA: () => 'bytea',
};

function scalarType({ name, type, nativeType }: Field): string {
  if (!nativeType) return SCALARS[type]!;
  const [native, parameters] = nativeType;
  const write = NATIVE[native];
  if (!write) throw new Error(`@db.${native} of ${name} is not known here: add it to NATIVE.`);
  return write(parameters.length > 0 ? `(${parameters.join(',')})` : '');
}

/** These are made by the client. */
const CLIENT_DEFAULTS = ['uuid', 'cuid', 'ulid', 'nanoid'];

function hasDatabaseDefault(field: Field): boolean {
  if (!field.hasDefaultValue) return false;
  const value = field.default;
  const maker = typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : '';
  return !CLIENT_DEFAULTS.includes(maker);
}

const ACTIONS: Readonly<Record<string, string>> = {
  Cascade: 'cascade',
  Restrict: 'restrict',
  NoAction: 'no action',
  SetNull: 'set null',
  SetDefault: 'set default',
};

function addForeignKey(objects: Map<string, string>, model: Model, field: Field, target: Model): void {
  const columns = field.relationFromFields!.map((name) => columnOf(model, name)).join(', ');
  const description = describeForeignKey({
    target: tableOf(target),
    columns: field.relationToFields!.map((name) => columnOf(target, name)).join(', '),
    onDelete: ACTIONS[field.relationOnDelete ?? (field.isRequired ? 'Restrict' : 'SetNull')]!,
    onUpdate: ACTIONS[field.relationOnUpdate ?? 'Cascade']!,
  });
  objects.set(`foreign key ${tableOf(model)} (${columns})`, description);
}
