/**
 * Which settings there can be: what this runtime's Intl knows as a language tag and as a time zone.
 */
import { z } from 'zod';

/** The canonical form (`pt-br` → `pt-BR`), or null if it is not a well-formed BCP 47 tag. */
export function canonicalLocale(tag: string): string | null {
  if (tag.length > 64) return null;
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}

/**
 * The name in the usual case, or null if it is not an IANA time zone. A name that the runtime holds for an alias
 * (Europe/Kyiv) is kept, because people know their zone by it. An offset (+01:00) is not a name: it has no rules.
 */
export function canonicalTimeZone(name: string): string | null {
  if (!/^[A-Za-z]/.test(name) || name.length > 64) return null;
  try {
    const resolved = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
    return resolved.toLowerCase() === name.toLowerCase() ? resolved : name;
  } catch {
    return null;
  }
}

/** Turns `canonical` into a check: what it answers null for is refused. */
const canonical = (canonicalize: (text: string) => string | null, reason: string) =>
  z.string().transform((text, context) => {
    const result = canonicalize(text);
    if (result === null) context.addIssue({ code: 'custom', message: reason });
    return result ?? text;
  });

const kept = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? undefined);

/** A field that is null or left out is no change. */
export const UpdatePreferences = z.object({
  locale: kept(canonical(canonicalLocale, 'is not a BCP 47 language tag')),
  timeZone: kept(canonical(canonicalTimeZone, 'is not an IANA time zone')),
  theme: kept(z.enum(['SYSTEM', 'LIGHT', 'DARK'])),
  weeklyEmail: kept(z.boolean()),
});
