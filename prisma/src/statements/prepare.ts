/**
 * Text and name of a statement, made once for each template in the source.
 *
 * A template gives its tag the same array of strings each time it is run: by that array what was made of it is found, and
 * the text is not joined and hashed anew. Parts without values, such as lists of columns, may stand in it; statements with
 * parts that have values of their own are made each time.
 */
import * as runtime from '@prisma/client/runtime/client';
import { type Sql, sql } from './sql.ts';
import { statementName } from './statement-names.ts';

export interface Prepared {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

interface Made extends Pick<Prepared, 'name' | 'text'> {
  /** Where a part stands among the values, that part. */
  readonly parts: readonly (Sql | undefined)[];
}

/** Of one template: with and without its optional parts. */
const KEPT_EACH = 4;
const kept = new WeakMap<TemplateStringsArray, Made[]>();

export function prepare(statement: TemplateStringsArray | Sql, values: readonly unknown[]): Prepared {
  if (!('raw' in statement)) return named(statement);
  const known = kept.get(statement);
  const made = known?.find(({ parts }) => fits(parts, values));
  if (made) return { name: made.name, text: made.text, values: values.filter((value) => !isPart(value)) };

  const fresh = named(sql(statement, ...values));
  const parts = values.map((value) => (isPart(value) ? value : undefined));
  if (parts.every((part) => part === undefined || part.values.length === 0)) {
    const { name, text } = fresh;
    if (!known) kept.set(statement, [{ name, text, parts }]);
    else if (known.length < KEPT_EACH) known.push({ name, text, parts });
  }
  return fresh;
}

function named({ text, values }: Sql): Prepared {
  return { name: statementName(text), text, values };
}

function fits(parts: readonly (Sql | undefined)[], values: readonly unknown[]): boolean {
  return values.every((value, index) => (isPart(value) ? value : undefined) === parts[index]);
}

function isPart(value: unknown): value is Sql {
  return value instanceof runtime.Sql;
}
