/**
 * Passwords at rest.
 */
import { parseOptions } from '@node-rs/argon2';
import { describe, expect, it } from 'vitest';
import { decoyHash, hashPassword, verifyPassword } from './passwords.ts';

describe('a password', () => {
  it('fits its own hash and no other password does', async () => {
    const passwordHash = await hashPassword('correct horse');
    expect(await verifyPassword(passwordHash, 'correct horse')).toBe(true);
    expect(await verifyPassword(passwordHash, 'battery staple')).toBe(false);
  });

  it('has another hash each time', async () => {
    expect(await hashPassword('correct horse')).not.toBe(await hashPassword('correct horse'));
  });

  it('fits however its letters are encoded', async () => {
    expect(await verifyPassword(await hashPassword('caf\u00e9 au lait'), 'cafe\u0301 au lait')).toBe(true);
  });

  it('of nobody costs as much to check as a real one, and never fits', async () => {
    expect(parseOptions(decoyHash)).toEqual(parseOptions(await hashPassword('correct horse')));
    expect(await verifyPassword(null, 'correct horse')).toBe(false);
  });
});
