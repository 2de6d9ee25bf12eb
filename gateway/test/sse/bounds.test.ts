/**
 * What a stream carries at most, and what becomes of one whose client does not read; a drain breaks off what is left.
 */
import { eventually } from '@lyceum/testing';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openGateway, type TestGateway } from '../harness.ts';
import { EVERY, FLOOD, LATEST } from '../transports.ts';
import { openWitness, reserve } from './rig.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openGateway('limits: { webSocket: { maxOperations: 4 } }');
});
afterAll(() => gateway.close());

const followers = () => gateway.subgraphs.ticks.followers;
/** Whatever a test has opened is closed by then. */
beforeEach(() => expect.poll(followers).toBe(0));

test('one stream carries so many operations and no more', async () => {
  const { run, open } = await reserve(gateway);
  const stream = await open();
  for (const id of ['1', '2', '3', '4']) expect((await run(id, EVERY)).status).toBe(202);
  expect(await run('5', EVERY)).toEqual({ status: 429, code: 'RATE_LIMITED' });
  stream.close();
  await expect.poll(followers).toBe(0);
});

test('a client that does not read is broken off if it must get every event', async () => {
  const { run, open } = await reserve(gateway);
  const stream = await open();
  await run('1', 'subscription { everyTick { n filler } }');
  await expect.poll(followers).toBe(1);
  stream.response.pause();
  gateway.subgraphs.ticks.emit(FLOOD.events, FLOOD.bytes);
  await expect.poll(followers, { timeout: 10_000 }).toBe(0);
  stream.response.resume();
  expect(await stream.over).toBe('broken off');
});

test('a client that does not read gets the newest event later, if that is what is declared', async () => {
  const { run, open } = await reserve(gateway);
  const stream = await open();
  await run('1', LATEST);
  const witness = await openWitness(gateway);
  await expect.poll(followers).toBe(1);
  stream.response.pause();
  gateway.subgraphs.ticks.emit(FLOOD.events, FLOOD.bytes);
  const last = gateway.subgraphs.ticks.last;
  await expect.poll(witness.last, { timeout: 10_000 }).toBe(last);
  stream.response.resume();
  await expect.poll(() => stream.numbers('1').at(-1), { timeout: 10_000 }).toBe(last);
  expect(stream.numbers('1').length).toBeLessThan(FLOOD.events);
});

test('what waits for a stream that is not opened yet is bounded, too', async () => {
  const every = await reserve(gateway);
  await every.run('1', 'subscription { everyTick { n filler } }');
  const latest = await reserve(gateway);
  await latest.run('1', LATEST);
  const witness = await openWitness(gateway);
  await expect.poll(followers).toBe(2);
  gateway.subgraphs.ticks.emit(20, 100 * 1024);
  await expect.poll(followers).toBe(1);
  expect((await every.open()).status).toBe(404);
  await expect.poll(witness.last).toBe(gateway.subgraphs.ticks.last);
  const stream = await latest.open();
  await expect.poll(() => stream.numbers('1').at(-1)).toBe(gateway.subgraphs.ticks.last);
  expect(stream.numbers('1').length).toBeLessThan(10);
});

test('a gateway that drains delivers what it has finished, then breaks streams off', async () => {
  const draining = await openGateway();
  onTestFinished(() => draining.close());
  const { run, open } = await reserve(draining);
  const stream = await open();
  await run('live', EVERY);
  const slow = run('slow', '{ slow }');
  await eventually(() => draining.subgraphs.calls.includes('people.slow') && draining.subgraphs.ticks.followers === 1);
  const drained = draining.drain();
  await eventually(async () => {
    await expect(fetch(draining.url, { method: 'PUT' })).rejects.toThrow();
  });
  draining.subgraphs.release();
  expect(await slow).toEqual({ status: 202 });
  expect(await stream.over).toBe('broken off');
  expect(stream.of('slow')).toEqual([{ data: { slow: 'at last' } }, null]);
  expect(stream.of('live')).toEqual([]);
  await drained;
});
