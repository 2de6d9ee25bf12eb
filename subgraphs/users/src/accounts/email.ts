/**
 * One spelling for each e-mail address. Everything that stores or looks up an address goes through here.
 */

/** Longest path of SMTP (RFC 5321, 4.5.3.1.3), less its brackets. */
const maxLength = 254;
/** One @, no blanks or controls, a domain of at least two labels. Whether mail arrives is for a message to find out. */
const shape = /^[^\s\p{C}@]{1,64}@[^\s\p{C}@.]+(?:\.[^\s\p{C}@.]+)+$/u;

/** Trims, composes (NFKC) and lower-cases. Idempotent. Does not check the shape. */
export function normalizeEmail(address: string): string {
  return address.trim().normalize('NFKC').toLowerCase().normalize('NFKC');
}

/** Expects a normalised address. */
export function isEmail(address: string): boolean {
  return address.length <= maxLength && shape.test(address);
}
