/**
 * Names for prepared statements: what has a name is parsed and planned once per connection.
 */
import { createHash } from 'node:crypto';

/** Past so many different statements the rest goes unnamed: lists of changing length must not fill the server's memory. */
const NAMED_STATEMENTS = 300;
const LONGEST = 4_000;

const names = new Map<string, string>();

/** The same name for the same text, in every process; empty for a statement that stays unnamed. */
export function statementName(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size >= NAMED_STATEMENTS || text.length > LONGEST) return '';
  const name = `l${createHash('sha1').update(text).digest('base64url')}`;
  names.set(text, name);
  return name;
}
