/**
 * Ids that say where their row lives: UUIDv7 (RFC 9562) whose 12 `rand_a` bits hold a bucket, 0–4095.
 *
 * Layout: 48 bit Unix milliseconds | version 7 | 12 bit bucket | variant | 62 random bits. Ids sort by time of making.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';

export const BUCKETS = 4096;

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** True for a UUIDv7, in any case of letters. */
export function isId(value: string): boolean {
  return PATTERN.test(value);
}

/** Assembles an id from its parts; `random` gives at least 8 bytes, of which 62 bits are used. For reproducible seeds. */
export function composeId(bucket: number, milliseconds: number, random: Uint8Array): string {
  if (!Number.isInteger(bucket) || bucket < 0 || bucket >= BUCKETS) {
    throw new RangeError(`A bucket is a whole number from 0 to ${BUCKETS - 1}, not ${bucket}.`);
  }
  const time = milliseconds.toString(16).padStart(12, '0');
  const tail = Buffer.from(random.subarray(0, 8));
  tail[0] = (tail[0]! & 0x3f) | 0x80;
  const rest = tail.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${bucket.toString(16).padStart(3, '0')}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}

export function newId(bucket: number): string {
  return composeId(bucket, Date.now(), randomBytes(8));
}

/** A new id with the bucket of `id`: what belongs to `id`'s owner lies beside it. */
export function newIdBeside(id: string): string {
  return newId(bucketOf(id));
}

/** Throws a RangeError for anything but a UUIDv7: ids from outside are checked (`isId`) before they get here. */
export function bucketOf(id: string): number {
  if (!isId(id)) throw new RangeError(`Not an id: ${id.slice(0, 64)}`);
  return Number.parseInt(id.slice(15, 18), 16);
}

/** For what is spread evenly: learners, and ids of no owner. */
export function randomBucket(): number {
  return randomInt(BUCKETS);
}

/** The bucket of a value that is no id, by its hash. */
export function bucketOfValue(value: string): number {
  return createHash('sha256').update(value).digest().readUInt16BE(0) >> 4;
}
