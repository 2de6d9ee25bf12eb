/**
 * Answers whether a value of a type satisfies a type condition, by the whole supergraph: plans name types and interfaces
 * that clients may not see. Answers are remembered; a graph has few pairs.
 */
import { type GraphQLSchema, isAbstractType, isInterfaceType, isObjectType } from 'graphql';

/** The type of a value may be an interface: a subgraph that knows it as `@interfaceObject` names it so. */
export type TypeTest = (typename: string, condition: string) => boolean;

export function createTypeTest(supergraph: GraphQLSchema): TypeTest {
  const known = new Map<string, Map<string, boolean>>();

  return (typename, condition) => {
    if (typename === condition) return true;
    const answers = known.get(condition) ?? new Map<string, boolean>();
    known.set(condition, answers);
    let answer = answers.get(typename);
    if (answer === undefined) {
      answer = isSubtype(supergraph, typename, condition);
      // Type names come from subgraphs: what the graph does not know is not remembered.
      if (supergraph.getType(typename)) answers.set(typename, answer);
    }
    return answer;
  };
}

function isSubtype(schema: GraphQLSchema, typename: string, condition: string): boolean {
  const type = schema.getType(typename);
  const wanted = schema.getType(condition);
  return isAbstractType(wanted) && (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(wanted, type);
}
