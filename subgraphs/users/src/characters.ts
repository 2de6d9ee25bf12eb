/**
 * How long a text is to the people who type it.
 */

/** Characters as a person counts them, near enough: code points. */
export function countCharacters(text: string): number {
  return [...text].length;
}
