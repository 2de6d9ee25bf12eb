/**
 * Which settings are accepted.
 */
import { parseInput } from '@lyceum/service-kit';
import { describe, expect, it } from 'vitest';
import { canonicalLocale, canonicalTimeZone, UpdatePreferences } from './preferences.input.ts';

describe('a locale', () => {
  it.each([
    ['en', 'en'],
    ['pt-br', 'pt-BR'],
    ['zh-hant-tw', 'zh-Hant-TW'],
  ])('%s is kept as %s', (tag, canonical) => {
    expect(canonicalLocale(tag)).toBe(canonical);
  });

  it.each(['', 'english please', 'e', 'en_US', 'x'.repeat(100)])('%j is refused', (tag) => {
    expect(canonicalLocale(tag)).toBeNull();
  });
});

describe('a time zone', () => {
  it.each([
    ['UTC', 'UTC'],
    ['europe/lisbon', 'Europe/Lisbon'],
    ['Europe/Kyiv', 'Europe/Kyiv'],
    ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ])('%s is kept as %s', (name, canonical) => {
    expect(canonicalTimeZone(name)).toBe(canonical);
  });

  it.each(['', 'Mars/Olympus', '+01:00', 'Lisbon', 'Europe/Lisbon\u0000'])('%j is refused', (name) => {
    expect(canonicalTimeZone(name)).toBeNull();
  });
});

describe('a change of settings', () => {
  it('leaves what is left out or null as it is', () => {
    expect(parseInput(UpdatePreferences, { theme: null, weeklyEmail: false })).toEqual({ weeklyEmail: false });
  });

  it('that names an unknown time zone says so', () => {
    expect(() => parseInput(UpdatePreferences, { timeZone: 'Mars/Olympus' })).toThrow(
      'timeZone: is not an IANA time zone',
    );
  });
});
