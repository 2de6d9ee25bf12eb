/**
 * Gives a client's variables other names where the planner has variables of these names itself: in one request to a
 * subgraph both would be the same variable.
 */
import {
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
  type VariableNode,
  visit,
} from 'graphql';

type Definition = OperationDefinitionNode | FragmentDefinitionNode;

export interface OwnVariables {
  readonly definitions: readonly Definition[];
  /** Names given here → the client's. */
  readonly clientVariables: ReadonlyMap<string, string>;
}

const OF_THE_PLANNER = /^(representations$|contextualArgument_)/;

export function giveOwnVariables(definitions: readonly Definition[]): OwnVariables {
  const declared = new Set(definitions.flatMap(variableDefinitions).map(({ variable }) => variable.name.value));
  const given = new Map<string, string>();
  for (const name of declared) {
    if (!OF_THE_PLANNER.test(name)) continue;
    let own = `_${name}`;
    while (declared.has(own)) own = `_${own}`;
    given.set(name, own);
  }
  if (given.size === 0) return { definitions, clientVariables: new Map() };
  const Variable = (node: VariableNode) => {
    const own = given.get(node.name.value);
    return own === undefined ? undefined : { ...node, name: { ...node.name, value: own } };
  };
  return {
    definitions: definitions.map((definition) => visit(definition, { Variable })),
    clientVariables: new Map([...given].map(([name, own]) => [own, name])),
  };
}

function variableDefinitions(definition: Definition): readonly VariableDefinitionNode[] {
  return definition.kind === Kind.OPERATION_DEFINITION ? (definition.variableDefinitions ?? []) : [];
}
