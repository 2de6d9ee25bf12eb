/**
 * The projection of an operation: from data that subgraphs gave to the JSON of the answer that the client asked for.
 *
 * Which fields an operation selects depends on its variables only through `@skip` and `@include`; there is one shape for
 * each combination of those that has come up.
 */
import type { FieldNode, FragmentDefinitionNode, GraphQLError, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { Data } from '../compile/data.ts';
import type { Gaps } from '../execute/gaps.ts';
import { readConditions } from '../plan/conditions.ts';
import { collectFields } from './collect-fields.ts';
import { createIntrospection } from './introspection.ts';
import type { JsonText } from './json-text.ts';
import { type ObjectShape, shapeObject } from './shape.ts';
import { type Completion, type Part, writePart, writeRoot } from './write-data.ts';

/** What the steps have left behind. */
export interface Fetched {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly data: Data;
  readonly errors: GraphQLError[];
  /** Gaps that an error tells of already. */
  readonly failed: Gaps;
  /** Gaps of entities that their subgraph does not show the viewer. */
  readonly unseen: Gaps;
  /** Objects and lists of the data that stand in several places. */
  readonly repeated: ReadonlySet<unknown>;
}

export interface Projection {
  /** Adds to the errors what the data lacks. `parts` takes what is to come later, if anything is deferred. */
  project(fetched: Fetched, parts?: Part[]): JsonText | null;
}

/** For operations whose answer comes in parts. */
export interface DeferringProjection extends Projection {
  /**
   * The part alone. Null if something in it must not be null and is. `unanswered` takes the errors that the part adds for
   * fields that nobody has answered for.
   */
  projectPart(part: Part, fetched: Fetched, parts: Part[], unanswered: Set<GraphQLError>): JsonText | null;
  /** Of what comes at once. */
  shapeOf(fetched: Pick<Fetched, 'variables'>): ObjectShape;
}

interface Variant {
  readonly shape: ObjectShape;
  readonly introspection: readonly FieldNode[];
}

/** More combinations of conditions than this are not kept. */
const MAX_VARIANTS = 64;

const NONE: ReadonlySet<never> = new Set();

/** `keyOf` says where the data holds a field; `answered`, which root fields the plan asks somebody for, by that key. */
export function compileProjection(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
  keyOf: (node: FieldNode) => string,
  answered: ReadonlySet<string>,
  deferred: ReadonlySet<string> = NONE,
): DeferringProjection {
  const root = schema.getRootType(operation.operation);
  if (!root) throw new Error(`The schema has no ${operation.operation} type.`);
  const conditions = readConditions([operation, ...Object.values(fragments)]);
  const introspect = createIntrospection(schema, operation, fragments);
  const variants = new Map<string, Variant>();

  function variantFor(variables: Fetched['variables']): Variant {
    const { key, values } = conditions.decide(variables);
    const known = variants.get(key);
    if (known) return known;
    const selected = { schema, fragments, conditions: values, deferred, keyOf };
    const fields = collectFields({ ...selected, deferred: NONE }, root!, [operation.selectionSet]);
    const variant = {
      shape: shapeObject(selected, root!, [operation.selectionSet]),
      introspection: [...fields.values()]
        .filter(([node]) => node?.name.value === '__schema' || node?.name.value === '__type')
        .flat(),
    };
    if (variants.size >= MAX_VARIANTS) variants.clear();
    variants.set(key, variant);
    return variant;
  }

  function completionOf({ variables, errors, failed, unseen, repeated }: Fetched, parts?: Part[]): Completion {
    const { introspection } = variantFor(variables);
    const introspected = introspection.length > 0 ? introspect(introspection, variables) : {};
    return {
      errors,
      failed,
      unseen,
      // A text that is kept would not say what is to come later.
      repeated: parts ? NONE : repeated,
      isUnanswered: (key) => !answered.has(key),
      introspect: (key) => introspected[key] ?? null,
      parts,
    };
  }

  return {
    project(fetched, parts) {
      return writeRoot(variantFor(fetched.variables).shape, fetched.data, completionOf(fetched, parts));
    },
    projectPart(part, fetched, parts, unanswered) {
      return writePart(part, { ...completionOf(fetched, parts), unanswered });
    },
    shapeOf: ({ variables }) => variantFor(variables).shape,
  };
}
