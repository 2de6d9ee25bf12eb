/**
 * Nothing but positions of null: every wrapping of lists and non-nulls, around leaves, values and entities, on both sides
 * of a border between subgraphs.
 */
import type { Family } from './family.ts';

function wrappings(prefix: string, type: string): string {
  const shapes = ['T', 'T!', '[T]', '[T!]', '[T]!', '[T!]!', '[[T]]', '[[T!]]', '[[T]!]', '[[T!]!]!'];
  return shapes.map((shape, i) => `${prefix}${i}(n: Int): ${shape.replace('T', type)}`).join('\n');
}

export const nulls: Family = {
  name: 'nulls',
  dangling: { Node: ['right'] },
  subgraphs: {
    left: `
      type Node @key(fields: "id") { id: ID! ${wrappings('a', 'Int')} ${wrappings('n', 'Node')} left: Value loose: Value! }
      type Value { ${wrappings('s', 'String')} ${wrappings('v', 'Value')} node: Node sure: Node! }
      type Query { ${wrappings('n', 'Node')} ${wrappings('v', 'Value')} }`,
    right: `
      type Node @key(fields: "id") { id: ID! ${wrappings('b', 'Boolean')} ${wrappings('m', 'Node')} right: Other must: Other! }
      type Other { ${wrappings('e', 'Mood')} ${wrappings('o', 'Other')} back: Node only: Node! }
      enum Mood { GOOD BAD HIDDEN @inaccessible }
      type Query { ${wrappings('m', 'Node')} ${wrappings('o', 'Other')} }`,
  },
};
