/**
 * The spelling of e-mail addresses.
 */
import { describe, expect, it } from 'vitest';
import { isEmail, normalizeEmail } from './email.ts';

describe('an e-mail address', () => {
  it('has one spelling whatever its case, blanks or width', () => {
    const spellings = ['ada@lyceum.test', '  Ada@Lyceum.Test\n', 'ＡＤＡ@lyceum.test'];
    expect(new Set(spellings.map(normalizeEmail))).toEqual(new Set(['ada@lyceum.test']));
  });

  it('is composed, so that two encodings of one letter are one address', () => {
    expect(normalizeEmail('zoe\u0308@lyceum.test')).toBe(normalizeEmail('zo\u00eb@lyceum.test'));
  });

  it('keeps its spelling when it is normalised again', () => {
    for (const address of ['İ@lyceum.test', 'ﬁ@lyceum.test', 'ẞ@lyceum.test']) {
      expect(normalizeEmail(normalizeEmail(address))).toBe(normalizeEmail(address));
    }
  });

  it.each(['ada@lyceum.test', 'a+b@mail.lyceum.test', 'zoë@exämple.test'])('accepts %s', (address) => {
    expect(isEmail(address)).toBe(true);
  });

  it.each([
    '',
    'ada',
    'ada@',
    '@lyceum.test',
    'ada@lyceum',
    'a b@lyceum.test',
    'a@b@c.test',
    'a\u0000@b.test',
    `${'a'.repeat(250)}@b.test`,
  ])('refuses %j', (address) => {
    expect(isEmail(address)).toBe(false);
  });
});
