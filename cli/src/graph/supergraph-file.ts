/**
 * What can be said of a supergraph without building it.
 */
import { type DocumentNode, Kind, parse } from 'graphql';
import { Failure, reasonOf } from '../failure.ts';

/** Throws a Failure for what no gateway would take. */
export function checkSupergraph(file: string, sdl: string): void {
  const document = parsed(file, sdl);
  const graphs = document.definitions.find(
    (definition) => definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph',
  );
  if (!graphs) {
    throw new Failure(
      `${file} is no supergraph: it has no join__Graph. Compose the schemas of the subgraphs first (\`npm run compose\`).`,
    );
  }
}

function parsed(file: string, sdl: string): DocumentNode {
  try {
    return parse(sdl, { noLocation: true });
  } catch (error) {
    throw new Failure(`${file} is not GraphQL (${reasonOf(error)}).`);
  }
}
