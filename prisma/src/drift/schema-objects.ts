/**
 * A schema as a flat list of what it consists of, so that two of them can be compared and differences read.
 *
 * A key names an object, `column course.title` or `index course using btree (status, id desc)`; the value says what else
 * there is to it.
 */
export type SchemaObjects = ReadonlyMap<string, string>;

export interface ColumnShape {
  /** As Postgres' `format_type` writes it. */
  readonly type: string;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
}

export function describeColumn({ type, nullable, hasDefault }: ColumnShape): string {
  return `${type}${nullable ? '' : ' not null'}${hasDefault ? ' with a default' : ''}`;
}

export function indexKey(table: string, isUnique: boolean, method: string, columns: string): string {
  return `${isUnique ? 'unique index' : 'index'} ${table} using ${method} (${columns})`;
}

export interface ForeignKeyShape {
  readonly target: string;
  readonly columns: string;
  readonly onDelete: string;
  readonly onUpdate: string;
}

export function describeForeignKey({ target, columns, onDelete, onUpdate }: ForeignKeyShape): string {
  return `to ${target} (${columns}) on delete ${onDelete} on update ${onUpdate}`;
}
