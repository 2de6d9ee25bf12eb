/**
 * Two subgraphs that send whatever text a test gives them.
 */
import { expect } from 'vitest';
import type { Answer } from '../differential/compare.ts';
import { handmade } from '../differential/handmade.ts';
import { paths } from './subject.ts';

const LEFT = `
  interface Being { id: ID! name: String }
  type Person implements Being @key(fields: "id") { id: ID! name: String }
  type Robot implements Being @key(fields: "id") { id: ID! name: String }
  type Rock { weight: Int }
  union Thing = Person | Robot | Rock
  scalar Any
  type Leaves { int: Int float: Float string: String boolean: Boolean id: ID any: Any must: Int! list: [Int] rows: [[Int]] inner: Leaves inners: [Leaves] }
  type Query { person: Person people: [Person] crowd: [Person!]! being: Being thing: Thing things: [Thing] leaves: Leaves left: String }
  type Mutation { change: Person touch: Int }`;
const RIGHT = `
  type Person @key(fields: "id") { id: ID! age: Int must: String! best: Person leaves: Leaf list: [Int] rows: [[Leaf]] }
  type Robot @key(fields: "id") { id: ID! age: Int }
  type Leaf { size: Int sure: Int! }
  type Query { right: String other: Leaf }
  type Mutation { alter: Int }`;

/** As a subgraph writes it: any text that JSON.parse reads. */
type Sent = string | (() => never);

let sending: { left?: Sent; right?: Sent } = {};
const { run, asked } = handmade({ left: LEFT, right: RIGHT }, (subgraph) => {
  const text = sending[subgraph as 'left' | 'right'] ?? '{"data":{}}';
  return typeof text === 'string' ? JSON.parse(text) : text();
});

/** The answer where `left` and `right` send these texts. */
export async function answered(source: string, sent: typeof sending): Promise<Answer> {
  sending = sent;
  const answer = await run(source);
  expect(Object.keys(answer)).toContain('data');
  for (const { message } of answer.errors ?? []) expect(message).toEqual(expect.stringMatching(/./));
  const told = paths(answer).map((path) => JSON.stringify(path));
  expect(new Set(told).size, 'no path has two errors').toBe(told.length);
  return answer;
}

/** Whom was asked, over all answers so far. */
export const askedSoFar: readonly string[] = asked;
