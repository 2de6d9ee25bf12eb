/**
 * The ways in which the shaky subgraph breaks.
 */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createGzip } from 'node:zlib';

export interface Fault {
  readonly name: string;
  /** False: nobody listens, so nothing arrives. */
  readonly reachable: boolean;
  answer(res: ServerResponse, socket: Socket): void;
}

const ONE_GB = 1024 ** 3;
const CHUNK = Buffer.alloc(64 * 1024, ' ');

/** Writes for as long as somebody reads. */
function pour(target: NodeJS.WritableStream, bytes: number): void {
  let left = bytes;
  const more = () => {
    while (left > 0) {
      left -= CHUNK.length;
      if (!target.write(CHUNK)) return void target.once('drain', more);
    }
    target.end();
  };
  more();
}

const JSON_TYPE = { 'content-type': 'application/json' };

export const FAULTS: readonly Fault[] = [
  { name: 'hangs', reachable: true, answer() {} },
  { name: 'is down', reachable: false, answer: (_res, socket) => socket.destroy() },
  { name: 'hangs up', reachable: true, answer: (_res, socket) => socket.destroy() },
  {
    name: 'hangs up half-way',
    reachable: true,
    answer(res, socket) {
      res.writeHead(200, { ...JSON_TYPE, 'content-length': 1_000 });
      res.write('{"data":{"echo":', () => socket.destroy());
    },
  },
  { name: 'stops half-way', reachable: true, answer: (res) => void res.writeHead(200, JSON_TYPE).write('{"data":') },
  { name: 'answers garbage', reachable: true, answer: (res) => res.writeHead(200, JSON_TYPE).end('\0\xff{]') },
  {
    name: 'answers a page',
    reachable: true,
    answer: (res) => res.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad gateway</html>'),
  },
  { name: 'answers in the wrong shape', reachable: true, answer: (res) => res.writeHead(200, JSON_TYPE).end('[42]') },
  {
    name: 'answers 1 GB',
    reachable: true,
    answer: (res) => pour(res.writeHead(200, { ...JSON_TYPE, 'content-length': ONE_GB }), ONE_GB),
  },
  {
    name: 'answers 1 GB without saying so',
    reachable: true,
    answer: (res) => pour(res.writeHead(200, JSON_TYPE), ONE_GB),
  },
  {
    name: 'answers 1 GB in 1 MB',
    reachable: true,
    answer(res) {
      res.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' });
      const zip = createGzip();
      zip.pipe(res);
      res.once('close', () => zip.destroy());
      zip.on('error', () => {});
      pour(zip, ONE_GB);
    },
  },
];
