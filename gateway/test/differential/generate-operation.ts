/**
 * Makes random valid operations with their variables.
 *
 * Valid by construction but for one rule: fields of different types under one response name may disagree in shape. A
 * response name therefore stands for one field, one set of arguments and one shape throughout an operation; where that
 * is not enough, validation says so and the caller takes the next seed.
 */
import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isUnionType,
} from 'graphql';
import type { Random } from './random.ts';

export interface GeneratedOperation {
  readonly source: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Names that objects of JavaScript have by themselves, and one that hidden keys have. */
const ODD_NAMES = [
  'constructor',
  'toString',
  'hasOwnProperty',
  'then',
  'length',
  'id',
  'name',
  'typename',
  '__proto__',
];

export function generateOperation(schema: GraphQLSchema, random: Random): GeneratedOperation {
  const mutation = schema.getMutationType();
  const isMutation = mutation ? random.chance(0.4) : false;
  const root = (isMutation ? mutation : schema.getQueryType()) as GraphQLObjectType;
  const maxDepth = 2 + random.below(5);
  let budget = 4 + random.below(36);
  const names = new Map<string, string>();
  const declared: string[] = [];
  const variables: Record<string, unknown> = {};
  const fragments: { name: string; type: string; body: string }[] = [];
  let fragmentCount = 0;

  function selections(type: GraphQLCompositeType, depth: number): string {
    const parts: string[] = [];
    const count = 1 + random.below(depth === 0 ? 4 : 5);
    for (let i = 0; i < count || parts.length === 0; i += 1) {
      const part = selection(type, depth);
      if (part) parts.push(part);
      if (i > 20 && parts.length === 0) parts.push('__typename');
    }
    return parts.join(' ');
  }

  function selection(type: GraphQLCompositeType, depth: number): string | null {
    if (random.chance(0.07)) return `${random.chance(0.3) ? 'kind_: ' : ''}__typename${directives()}`;
    const fragmentChance = isUnionType(type) ? 1 : isAbstractType(type) ? 0.5 : 0.15;
    if (random.chance(fragmentChance) && budget > 0) return fragment(type, depth);
    if (isUnionType(type)) return '__typename';
    const fields = Object.values(type.getFields()).filter(
      (field) => (depth < maxDepth && budget > 0) || !isCompositeType(getNamedType(field.type)),
    );
    if (fields.length === 0) return null;
    return fieldText(random.pick(fields), depth);
  }

  function fragment(type: GraphQLCompositeType, depth: number): string {
    const on = narrowed(type);
    if (random.chance(0.4)) {
      const known = fragments.filter((one) => one.type === on.name);
      if (known.length > 0 && random.chance(0.5)) return `...${random.pick(known).name}${directives()}`;
      budget -= 1;
      fragmentCount += 1;
      const name = `F${fragmentCount}`;
      const body = selections(on, depth + (random.chance(0.2) ? 1 : 0));
      fragments.push({ name, type: on.name, body });
      return `...${name}${directives()}`;
    }
    budget -= 1;
    const condition = on === type && random.chance(0.3) ? '' : ` on ${on.name}`;
    return `...${condition}${directives()} { ${selections(on, depth)} }`;
  }

  /** A type whose fragment may stand where `type` is given: itself, a possible type, or another abstract type above. */
  function narrowed(type: GraphQLCompositeType): GraphQLCompositeType {
    const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
    const choices: GraphQLCompositeType[] = [type, ...possible, ...possible];
    for (const other of Object.values(schema.getTypeMap())) {
      if (isAbstractType(other) && possible.some((one) => schema.isSubType(other, one))) choices.push(other);
    }
    return random.pick(choices);
  }

  function fieldText(field: GraphQLField<unknown, unknown>, depth: number): string {
    budget -= 1;
    const args = argumentsText(field.args);
    const key = responseName(field, args);
    const named = getNamedType(field.type);
    const inner = isCompositeType(named) ? ` { ${selections(named, depth + 1)} }` : '';
    return `${key === field.name ? '' : `${key}: `}${field.name}${args}${directives()}${inner}`;
  }

  function responseName(field: GraphQLField<unknown, unknown>, args: string): string {
    const means = `${field.name}${args}${shapeOf(field.type)}`;
    const take = (name: string): boolean => {
      const known = names.get(name);
      if (known !== undefined) return known === means;
      names.set(name, means);
      return true;
    };
    if (random.chance(0.04)) {
      const odd = random.pick(ODD_NAMES);
      if (take(odd)) return odd;
    }
    if (random.chance(0.85) && take(field.name)) return field.name;
    for (let i = 1; ; i += 1) if (take(`${field.name}_${i}`)) return `${field.name}_${i}`;
  }

  function argumentsText(args: readonly GraphQLArgument[]): string {
    const given = args.flatMap((arg) => {
      const required = isNonNullType(arg.type) && arg.defaultValue === undefined;
      if (!required && random.chance(0.5)) return [];
      return [`${arg.name}: ${argumentText(arg.type, arg.defaultValue !== undefined)}`];
    });
    return given.length > 0 ? `(${given.join(', ')})` : '';
  }

  function argumentText(type: GraphQLInputType, hasDefault: boolean): string {
    return random.chance(0.5) ? variable(type, hasDefault) : literal(type, 0);
  }

  function variable(location: GraphQLInputType, hasDefault: boolean): string {
    // Where the argument has a default, a variable may be null although the argument may not (5.8.5).
    const type = isNonNullType(location) && hasDefault && random.chance(0.5) ? location.ofType : location;
    const reusable = declared.filter((text) => text.endsWith(`: ${type}`));
    if (reusable.length > 0 && random.chance(0.3)) return random.pick(reusable).split(':')[0] as string;
    const name = `v${declared.length + 1}`;
    const strict = !isNonNullType(type) && random.chance(0.15);
    const withDefault = random.chance(0.2);
    declared.push(`$${name}: ${type}${strict ? '!' : ''}${withDefault ? ` = ${literal(type, 0, true)}` : ''}`);
    const mayBeAbsent = withDefault || !(isNonNullType(type) || strict);
    if (!mayBeAbsent || random.chance(0.6)) {
      variables[name] = json(isNonNullType(type) ? type.ofType : type, 0, !(strict || isNonNullType(type)));
    }
    return `$${name}`;
  }

  /** `constant`: without variables inside. */
  function literal(type: GraphQLInputType, depth: number, constant = false): string {
    if (isNonNullType(type)) return literalPresent(type.ofType, depth, constant);
    return random.chance(0.1) ? 'null' : literalPresent(type, depth, constant);
  }

  function literalPresent(type: GraphQLInputType, depth: number, constant: boolean): string {
    const inner = (of: GraphQLInputType) =>
      !constant && random.chance(0.2) ? variable(of, false) : literal(of, depth + 1, constant);
    if (isNonNullType(type)) return literalPresent(type.ofType, depth, constant);
    if (isListType(type)) {
      if (random.chance(0.15)) return literalPresent(type.ofType, depth, true);
      return `[${Array.from({ length: random.below(3) }, () => inner(type.ofType)).join(', ')}]`;
    }
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(
        (field) => (isNonNullType(field.type) && field.defaultValue === undefined) || (depth < 2 && random.chance(0.5)),
      );
      return `{${fields.map((field) => `${field.name}: ${inner(field.type)}`).join(', ')}}`;
    }
    if (isEnumType(type)) return random.pick(type.getValues()).name;
    if (type.name === 'JSON') return random.pick(['{a: [1, "x"], b: null}', '"text"', '7', '[]', '{}']);
    return JSON.stringify(leaf(type.name));
  }

  function json(type: GraphQLInputType, depth: number, nullable: boolean): unknown {
    if (isNonNullType(type)) return json(type.ofType, depth, false);
    if (nullable && random.chance(0.15)) return null;
    if (isListType(type)) {
      return Array.from({ length: random.below(3) }, () => json(type.ofType, depth + 1, !isNonNullType(type.ofType)));
    }
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(
        (field) => (isNonNullType(field.type) && field.defaultValue === undefined) || (depth < 2 && random.chance(0.5)),
      );
      return Object.fromEntries(fields.map((field) => [field.name, json(field.type, depth + 1, true)]));
    }
    if (isEnumType(type)) return random.pick(type.getValues()).name;
    if (type.name === 'JSON') return random.pick([{ a: [1, 'x'], b: null }, 'text', 7, [], {}]);
    return leaf(type.name);
  }

  function leaf(name: string): string | number | boolean {
    if (name === 'Int') return random.below(10);
    if (name === 'Float') return random.below(100) / 4;
    if (name === 'Boolean') return random.chance(0.5);
    return random.pick(['a', 'Quo"te', 'ünï', '', 'b c', 'x\ny']);
  }

  function directives(): string {
    if (!random.chance(0.13)) return '';
    const one = (name: string) => `@${name}(if: ${random.chance(0.3) ? random.chance(0.5) : condition()})`;
    if (random.chance(0.15)) return ` ${one('skip')} ${one('include')}`;
    return ` ${one(random.chance(0.5) ? 'skip' : 'include')}`;
  }

  function condition(): string {
    const known = declared.filter((text) => text.includes(': Boolean!'));
    if (known.length > 0 && random.chance(0.5)) return random.pick(known).split(':')[0] as string;
    const name = `v${declared.length + 1}`;
    const withDefault = random.chance(0.2);
    declared.push(`$${name}: Boolean!${withDefault ? ` = ${random.chance(0.5)}` : ''}`);
    if (!withDefault || random.chance(0.5)) variables[name] = random.chance(0.5);
    return `$${name}`;
  }

  const body = selections(root, 0);
  const head = declared.length > 0 ? `(${declared.join(', ')})` : '';
  const parts = [
    `${isMutation ? 'mutation' : 'query'}${random.chance(0.5) || isMutation ? ' Op' : ''}${head} { ${body} }`,
    ...fragments.map(({ name, type, body: inner }) => `fragment ${name} on ${type} { ${inner} }`),
  ];
  return { source: parts.join('\n'), variables };
}

/** What must agree under one response name: lists, non-nulls, and the type of leaves. */
function shapeOf(type: GraphQLOutputType): string {
  const named = getNamedType(type);
  return isCompositeType(named) ? String(type).replace(named.name, '*') : String(type);
}
