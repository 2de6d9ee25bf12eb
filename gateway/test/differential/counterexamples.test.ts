/**
 * Operations that were answered wrongly once, each over many worlds, with faults and without.
 */
import { describe, expect, test } from 'vitest';
import { describe as tell } from './differential.ts';
import { families } from './families/index.ts';
import { createRig, type Rig } from './rig.ts';

const rigs = new Map<string, Rig>();

function rigOf(name: string): Rig {
  const family = families.find((one) => one.name === name);
  if (!family) throw new Error(`No family is named ${name}.`);
  const rig = rigs.get(name) ?? createRig(family);
  rigs.set(name, rig);
  return rig;
}

interface Example {
  readonly guarantee: string;
  readonly family: string;
  readonly source: string;
  /** Each is tried. */
  readonly variables?: readonly Readonly<Record<string, unknown>>[];
  /** A world in which it went wrong, where others seldom have it. */
  readonly world?: { readonly seed: number; readonly faultRate: number };
}

const eitherWay = (name: string) => [{ [name]: true }, { [name]: false }];

const examples: readonly Example[] = [
  {
    guarantee: 'a field that is left out takes no requirement of its neighbour with it',
    family: 'workshop',
    source:
      'query ($v: Boolean!) { grid { shape tag @include(if: $v) } items { total: plain offer tag @skip(if: $v) } }',
    variables: eitherWay('v'),
  },
  {
    guarantee: 'a field beside one that is left out is fetched although both need the same key',
    family: 'shop',
    source: 'query ($v: Boolean!) { maybe { shipping @include(if: $v) inStock box { label } } }',
    variables: eitherWay('v'),
  },
  {
    guarantee: 'a constant condition counts below one with a variable',
    family: 'shop',
    source:
      'query ($v: Boolean!) { ... on Query @skip(if: $v) { warehouses { near { ... on Warehouse @skip(if: true) { city } } } } }',
    variables: eitherWay('v'),
  },
  {
    guarantee: 'a selection that conditions empty still says which objects there are',
    family: 'zoo',
    source:
      'query ($v: Boolean! = true, $w: Boolean!) { eaters @include(if: $v) { ... on Eater @skip(if: true) { __typename } } shows { host @include(if: $w) { name } } }',
    variables: eitherWay('w'),
  },
  {
    guarantee: 'an alias may be the name of a key that only the plan needs',
    family: 'company',
    source: '{ richest { phone id: salary } everyone { number: name badge { colour } } }',
  },
  {
    guarantee: 'an alias that is the name of a key may stand for an object',
    family: 'zoo',
    source: '{ meals { eater { ... on Cat { id: cage { id } keeper { name } } } } }',
  },
  {
    guarantee: 'an alias may be a name that objects of JavaScript have',
    family: 'company',
    source: '{ __proto__: boss { __proto__: team { number } constructor: name toString: email then: boss { id } } }',
  },
  {
    guarantee: 'a field keeps its arguments beside a requirement on the same field with others',
    family: 'workshop',
    source: '{ items { cost net label tag } due { items { net cost(currency: "CHF") } } }',
  },
  {
    guarantee: 'the error of an entity in a list names its own place, whatever stands before it',
    family: 'zoo',
    source: '{ eaters { ... on Dog { fame } ... on Bird { song } } }',
  },
  {
    guarantee: 'keys stand in the order in which the client first names them',
    family: 'company',
    source:
      '{ parcels { parts { ... on Parcel { id } code ... on Parcel { weight place } } } boss { boss_1: boss { bonus } ... on Employee { boss_1: boss { email } } } }',
  },
  {
    guarantee: 'a field that a plan fetches on two ways has one error',
    family: 'company',
    source: '{ boss { boss { team { company { vacant { name bonus } } } } } }',
  },
  {
    guarantee: 'a value of an enum that clients may not see is null with an error',
    family: 'nulls',
    source: '{ o6 { e0 e1 e5 e9 } }',
  },
  {
    guarantee: 'a field that two fetches ask for has one error, also below an interface object',
    family: 'media',
    source: '{ bestseller { ... on Film { votes { media { rating_1: rating ... on Film { rating_1: rating } } } } } }',
  },
  {
    guarantee: 'a union may be the condition of a fragment below an interface object',
    family: 'media',
    source: '{ worst { ... on Found { __typename } } top { ... on Sellable { ... on Book { pages } } } }',
  },
  {
    guarantee: 'an object whose type is not known, as its fetch failed, is null',
    family: 'media',
    source:
      '{ book { votes { media { ... on Book { title } } } } top { ... on Book { pages } } worst { ... on Song { key } } }',
  },
  {
    guarantee: 'two requirements of one field with different arguments both get their own',
    family: 'workshop',
    source: '{ grid { net local } }',
  },
  {
    guarantee: 'the error of a field that only the plan asked for does not fall on a field of the client',
    family: 'workshop',
    source: '{ items { label tag cost local } }',
  },
  {
    guarantee: 'a field of the client that fails in an object takes nothing away that is required of the same object',
    family: 'workshop',
    source: '{ items(first: null) { stats { b } tag shape kind { ... on Plate { area } } } }',
  },
  {
    guarantee: 'a field that requires something is not asked of objects of which nobody has asked what it requires',
    family: 'guild',
    source: 'mutation { admit { ... on Mason { fee } owes } pay(amount: 1) { by { ... on Mason { letter } } } }',
  },
  {
    guarantee: 'a key in an object that may be null is not lost with what the client asks in it',
    family: 'depot',
    source: '{ crates { site { label manager { desk } } checked toll } }',
  },
  {
    guarantee: 'an object that one of two subgraphs lost to an error has no second error for what only that one knows',
    family: 'depot',
    source: '{ audited { site { manager { desk } code label } } }',
    world: { seed: 1299804788, faultRate: 0.08 },
  },
  {
    guarantee: 'an object lost to an error has no second error for what only its subgraph knows, however far below',
    family: 'company',
    source: '{ companies { vacant { team { company { teams { budget company_1: company { budget id } } name } } } } }',
    world: { seed: 2143166541, faultRate: 0.02 },
  },
  {
    guarantee: 'requirements of one field with different arguments are told apart within one subgraph',
    family: 'depot',
    source: '{ crates { toll fee load risk seals { owner { name } } danger paint } }',
  },
  {
    guarantee: 'a requirement of a requirement is fetched first, also from the subgraph that gives the entity',
    family: 'workshop',
    source: 'mutation { setPrice(id: "x") { offer range band { low } } }',
  },
  {
    guarantee: 'requirements of requirements are fetched in their order',
    family: 'workshop',
    source: '{ kits { total fee bonus { total next { fee } } } due { kit { total } } }',
  },
  {
    guarantee: 'mutations of a fragment come after those before it',
    family: 'workshop',
    source:
      'mutation { touch renamePart(id: "1") { tag } ...Rest } fragment Rest on Mutation { addPart(name: "x") { label } log }',
  },
  {
    guarantee: 'mutations within a fragment keep their order',
    family: 'workshop',
    source: 'mutation { ...All } fragment All on Mutation { renamePart(id: "1") { children { shape } } log touch }',
  },
  {
    guarantee: 'an object without the key is not asked for',
    family: 'media',
    source:
      'query ($v: Boolean!) { promoted { ... on Book { creator { born } } ... on Film { creator { born @skip(if: $v) } } } }',
    variables: eitherWay('v'),
  },
  {
    guarantee: 'a key that is null leads nowhere',
    family: 'company',
    source: '{ parcels { code place log { place } parts { weight log { place } } } }',
  },
  {
    guarantee: 'a reference that stands in several places is completed in all of them',
    family: 'nulls',
    source: '{ m9(n: 2) { b1 n0 { b1 } } }',
    world: { seed: 3863087888, faultRate: 0 },
  },
  {
    guarantee: 'what a field requires does not stand in for the key that leads to it',
    family: 'guild',
    source: 'mutation { admit { sponsor { name } ... on Mason { sponsor { owes letter } } } }',
    world: { seed: 1435126390, faultRate: 0 },
  },
  {
    guarantee: 'a fetch that is split takes along the fragments that each part needs',
    family: 'guild',
    source:
      '{ member { fee payments { ...F } payments_1: payments { ...F } } } fragment F on Payment { late number __typename }',
    world: { seed: 3871697551, faultRate: 0 },
  },
  {
    guarantee: 'an argument from the context is that of the nearest object above',
    family: 'ship',
    source: '{ ships { decks { cabins { id view price stars } } } }',
  },
];

describe.each(examples)('$guarantee', ({ family, source, variables = [{}], world }) => {
  test(`${family}: ${source}`, async () => {
    const rig = rigOf(family);
    expect(rig.isValid(source)).toBe(true);
    const worlds = Array.from({ length: 30 }, (_, seed) => ({ seed, faultRate: seed % 3 === 0 ? 0.1 : 0 }));
    if (world) worlds.push(world);
    for (const { seed, faultRate } of worlds) {
      for (const given of variables) {
        const operation = { source, variables: given };
        const outcome = await rig.run(operation, seed, faultRate);
        if (outcome.difference) expect.fail(tell({ family, seed, faultRate, operation, outcome }));
      }
    }
  });
});
