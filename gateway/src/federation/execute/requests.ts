/**
 * Writes requests to subgraphs: a body that is constant up to the variables, and the variables.
 */
import type { FetchStep } from '../compile/fetch-step.ts';
import type { SubgraphRequest } from '../subgraph-client.ts';
import type { Variables } from './execution.ts';

/** The body is what is sent; the variables can be read by whoever needs them as values. */
class WrittenRequest implements SubgraphRequest {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly body: string;
  readonly kind: SubgraphRequest['kind'];
  readonly #variables: string;

  constructor({ query, operationName, bodyStart, operationKind }: FetchStep, variables: string) {
    this.query = query;
    this.operationName = operationName;
    this.kind = operationKind;
    this.body = `${bodyStart}${variables}}}`;
    this.#variables = variables;
  }

  get variables(): Record<string, unknown> {
    return JSON.parse(`{${this.#variables}}`);
  }
}

/** `members` are further variables, each as the text of a member of a JSON object. */
export function writeRequest(step: FetchStep, variables: Variables, members: readonly string[] = []): SubgraphRequest {
  const written = [...members];
  for (const { name, label } of step.variables) {
    const value = variables[name];
    if (value !== undefined) written.push(label + JSON.stringify(value));
  }
  return new WrittenRequest(step, written.join(','));
}
