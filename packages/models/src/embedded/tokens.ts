/**
 * The embedded server's own notion of a token: up to eight letters or digits, or one other sign, with the white space
 * before it. Joined again, the tokens of a text are the text.
 */
const TOKEN = /\s*(?:[\p{L}\p{N}\p{M}]{1,8}|[^\s\p{L}\p{N}\p{M}]|$)/gu;

export function tokenize(text: string): string[] {
  return (text.match(TOKEN) ?? []).filter((token) => token !== '');
}
