/**
 * The address by which an anonymous client is counted.
 *
 * That is the other end of the connection. Only where the policy trusts that one as a proxy does its `x-forwarded-for`
 * count, from the right: each proxy adds whom it has spoken with, and what stands left of the first untrusted address was
 * written by whoever pleased.
 */
import { BlockList, isIP } from 'node:net';

/** Addresses, or networks as `10.0.0.0/8`. */
export function createAddressTest(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

export function clientAddress(
  remote: string,
  forwardedFor: string | undefined,
  isTrusted: (address: string) => boolean,
): string {
  let client = plain(remote);
  for (const text of (forwardedFor ?? '').split(',').reverse()) {
    const address = plain(text.trim());
    if (isIP(client) === 0 || !isTrusted(client) || isIP(address) === 0) break;
    client = address;
  }
  return network(client);
}

/** IPv4 as it comes over a socket of IPv6. */
function plain(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

/** Whoever has an address of IPv6 has all of its /64. */
function network(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
