/**
 * Writes texts as JSON.
 */

/** Up to here it is faster to look at each character than to call a search for those that must be escaped. */
const SHORT = 20;
/** Anything but what may stand in JSON as it is: controls, quotes, backslashes, and halves of pairs that may lack the other. */
const ESCAPED = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** As `JSON.stringify` does, faster where nothing needs escaping. */
export function quote(text: string): string {
  return isPlain(text) ? `"${text}"` : JSON.stringify(text);
}

/** Whether the text may stand in JSON as it is. */
function isPlain(text: string): boolean {
  const { length } = text;
  if (length > SHORT) return !ESCAPED.test(text);
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code <= 0xdfff)) return false;
  }
  return true;
}
