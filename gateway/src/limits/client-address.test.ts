import { expect, test } from 'vitest';
import { clientAddress, createAddressTest } from './client-address.ts';

const isProxy = createAddressTest(['10.0.0.0/8', '192.0.2.1', '2001:db8:ffff::/48']);
const of = (remote: string, forwardedFor?: string) => clientAddress(remote, forwardedFor, isProxy);

test('a header of somebody who is no trusted proxy is not believed', () => {
  expect(of('203.0.113.7', '198.51.100.1')).toBe('203.0.113.7');
  expect(of('203.0.113.7')).toBe('203.0.113.7');
});

test('behind trusted proxies it is the first address from the right that is none of them', () => {
  expect(of('10.1.2.3', '198.51.100.1')).toBe('198.51.100.1');
  expect(of('::ffff:10.1.2.3', '1.1.1.1, 198.51.100.1, 192.0.2.1')).toBe('198.51.100.1');
  expect(of('2001:db8:ffff::1', '198.51.100.1')).toBe('198.51.100.1');
});

test('what is no address is not believed', () => {
  expect(of('10.1.2.3', 'nonsense')).toBe('10.1.2.3');
  expect(of('10.1.2.3', '1.1.1.1, unknown')).toBe('10.1.2.3');
  expect(of('10.1.2.3', '')).toBe('10.1.2.3');
  expect(of('')).toBe('');
});

test('addresses of IPv6 count by their network of 64 bits, however they are written', () => {
  const same = ['2001:db8:1:2::1', '2001:0DB8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2:0:0:0:1'];
  expect(same.map((address) => of(address))).toEqual(Array(3).fill('2001:db8:1:2::/64'));
  expect([of('::1'), of('fe80::1%eth0'), of('2001:db8::')]).toEqual([
    '0:0:0:0::/64',
    'fe80:0:0:0::/64',
    '2001:db8:0:0::/64',
  ]);
});
