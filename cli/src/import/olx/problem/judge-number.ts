/**
 * The value and tolerance of a numeric answer as Open edX writes them.
 */
import type { Grading } from '@lyceum/contracts';

/** What Open edX allows when a problem names no tolerance, as a share of the answer. */
const DEFAULT_SHARE = 1e-5;

/** How far an end that does not belong to a range is drawn in, as a share of the range's width. */
const OPEN_END_SHARE = 1e-9;

/**
 * Understands `600`, `1.5e3`, `1/3` and ranges such as `[5, 7)`; the tolerance is absolute (`0.1`) or a share (`5%`).
 * Null for anything else, such as an expression or a variable.
 */
export function judgeNumber(answer: string, tolerance: string | null): Extract<Grading, { kind: 'numeric' }> | null {
  const range = /^([[(])\s*([^,]+),\s*([^,]+?)\s*([\])])$/.exec(answer.trim());
  if (range) {
    const [low, high] = [numberOf(range[2] ?? ''), numberOf(range[3] ?? '')];
    if (low === null || high === null || low > high) return null;
    const width = high - low;
    const from = range[1] === '(' ? low + width * OPEN_END_SHARE : low;
    const to = range[4] === ')' ? high - width * OPEN_END_SHARE : high;
    return { kind: 'numeric', value: (from + to) / 2, tolerance: (to - from) / 2 };
  }
  const value = numberOf(answer);
  if (value === null) return null;
  if (tolerance === null) return { kind: 'numeric', value, tolerance: Math.abs(value) * DEFAULT_SHARE };
  const share = tolerance.trim().endsWith('%');
  const amount = numberOf(share ? tolerance.trim().slice(0, -1) : tolerance);
  if (amount === null || amount < 0) return null;
  return { kind: 'numeric', value, tolerance: share ? Math.abs(value) * (amount / 100) : amount };
}

function numberOf(text: string): number | null {
  const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?`;
  const match = new RegExp(`^(${NUMBER})(?:\\s*/\\s*(${NUMBER}))?$`).exec(text.trim().replace(/^([+-])\s+/, '$1'));
  if (!match) return null;
  const value = Number(match[1]) / (match[2] === undefined ? 1 : Number(match[2]));
  return Number.isFinite(value) ? value : null;
}
