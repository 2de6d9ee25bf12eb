/**
 * The words after `npm run bench --`.
 */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly quick: boolean;
  /** Ids of participants; null: all. */
  readonly only: readonly string[] | null;
  readonly rounds: number;
  /** Measured at each visit. */
  readonly seconds: number;
  readonly connections: number;
  readonly gatewayCore: number;
  readonly restCore: number;
}

export interface CommandLine {
  readonly name: string | undefined;
  readonly file: string | undefined;
  readonly help: boolean;
  readonly options: BenchOptions;
}

/** Throws with a message for people. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      'gateway-core': { type: 'string' },
      'rest-core': { type: 'string' },
    },
  });
  const number = (name: keyof typeof values, otherwise: number, least: number): number => {
    const value = values[name] === undefined ? otherwise : Number(values[name]);
    if (!(value >= least)) throw new Error(`--${name} must be a number from ${least} on.`);
    return value;
  };
  const { quick } = values;
  return {
    name: positionals[0],
    file: positionals[1],
    help: values.help,
    options: {
      quick,
      only: values.only?.split(',').map((id) => id.trim()) ?? null,
      rounds: Math.ceil(number('rounds', quick ? 1 : 3, 1)),
      seconds: number('seconds', quick ? 1 : 3, 0.1),
      connections: Math.ceil(number('connections', 50, 1)),
      gatewayCore: number('gateway-core', 0, 0),
      restCore: number('rest-core', 1, 0),
    },
  };
}

/** Of all, those that this run is about. Throws for a name that nobody has. */
export function choose<Participant extends { readonly id: string; readonly quick?: boolean }>(
  from: readonly Participant[],
  { only, quick }: BenchOptions,
): readonly Participant[] {
  const unknown = only?.filter((id) => !from.some((participant) => participant.id === id)) ?? [];
  if (unknown.length > 0) {
    throw new Error(
      `No participant is called ${unknown.join(', ')}. There are: ${from.map(({ id }) => id).join(', ')}.`,
    );
  }
  return from.filter((participant) => (only ? only.includes(participant.id) : !quick || participant.quick));
}
