/**
 * The parts of a run, each on servers of its own.
 */
import { type Compared, compare, type Pace } from './compare.ts';
import { createLyceum, createPrisma } from './lyceum.ts';
import { createCalls, PATHS, type PathName } from './paths.ts';
import { openPlain } from './plain.ts';
import { openRig, type World } from './rig.ts';
import { measureRouting } from './routing.ts';

export interface Amounts {
  readonly paths: Pace;
  /** Of more and more shards and replicas. */
  readonly shapes: Pace;
  /** Whether Prisma's models are measured, too. */
  readonly prisma: boolean;
  readonly learners: number;
  /** Where learners are divided over servers: fewer, because the shape is asked for. */
  readonly learnersDivided: number;
}

export interface Shape {
  /** How many shards or replicas. */
  readonly count: number;
  readonly reads: Compared;
  readonly writes?: Compared;
}

export interface OneDatabase {
  readonly paths: Readonly<Record<PathName, readonly Compared[]>>;
  readonly routingMicroseconds: number;
  readonly replicas: readonly Shape[];
}

const MOST_REPLICAS = 2;
const SHARDS = [1, 2, 4];

/** The paths beside plain `pg`, the routing alone, and reads with more and more replicas. */
export async function measureOneDatabase(amounts: Amounts): Promise<OneDatabase> {
  const rig = await openRig({ servers: 1, replicas: MOST_REPLICAS });
  try {
    console.log(`Filling in ${amounts.learners} learners.`);
    const world = await rig.createWorld(1, amounts.learners);
    const paths = await measurePaths(world, amounts);
    return { paths, ...(await measureReplicas(world, amounts.shapes)) };
  } finally {
    await rig.close();
  }
}

async function measurePaths(world: World, { paths: pace, prisma }: Amounts): Promise<OneDatabase['paths']> {
  const databases = await world.open(0);
  const plain = openPlain(world);
  try {
    const calls = createCalls(world);
    const models = prisma ? { prisma: createPrisma(databases) } : {};
    const sides = { pg: plain, lyceum: createLyceum(databases), ...models };
    const compared = {} as Record<PathName, readonly Compared[]>;
    for (const name of Object.keys(PATHS) as PathName[]) {
      const participants = Object.entries(sides).flatMap(([id, side]) => {
        const work = calls(name, side);
        return work ? [{ id, work }] : [];
      });
      compared[name] = await compare(participants, pace);
      console.log(`${PATHS[name]}: ${compared[name].map(brief).join(', ')}`);
    }
    return compared;
  } finally {
    await Promise.all([databases.close(), plain.close()]);
  }
}

async function measureReplicas(world: World, pace: Pace): Promise<Omit<OneDatabase, 'paths'>> {
  const calls = createCalls(world);
  const opened = await Promise.all(Array.from({ length: MOST_REPLICAS + 1 }, (_, count) => world.open(count)));
  try {
    const participants = opened.map((databases, count) => {
      return { id: `${count} replicas`, work: calls('progress_read', createLyceum(databases))! };
    });
    const reads = await compare(participants, pace);
    console.log(`progress of a viewer: ${reads.map(brief).join(', ')}`);
    const routingMicroseconds = await measureRouting(opened[MOST_REPLICAS]!, world.learnerIds);
    console.log(`routing: ${routingMicroseconds.toFixed(2)} µs`);
    return { routingMicroseconds, replicas: reads.map((row, count) => ({ count, reads: row })) };
  } finally {
    await Promise.all(opened.map((databases) => databases.close()));
  }
}

/** The same learners on one, two and four servers. */
export async function measureShards(amounts: Amounts): Promise<Shape[]> {
  const rig = await openRig({ servers: Math.max(...SHARDS), replicas: 0 });
  const closing: (() => Promise<void>)[] = [];
  try {
    const reading = [];
    const writing = [];
    for (const count of SHARDS) {
      const world = await rig.createWorld(count, amounts.learnersDivided);
      const databases = await world.open(0);
      closing.push(() => databases.close());
      const calls = createCalls(world);
      const lyceum = createLyceum(databases);
      reading.push({ id: `${count} shards`, work: calls('progress_read', lyceum)! });
      writing.push({ id: `${count} shards`, work: calls('completion_write', lyceum)! });
    }
    const reads = await compare(reading, amounts.shapes);
    console.log(`progress of a viewer: ${reads.map(brief).join(', ')}`);
    const writes = await compare(writing, amounts.shapes);
    console.log(`completion of a lesson: ${writes.map(brief).join(', ')}`);
    return SHARDS.map((count, index) => ({ count, reads: reads[index]!, writes: writes[index]! }));
  } finally {
    for (const close of closing) await close();
    await rig.close();
  }
}

const brief = ({ id, figures }: Compared) => `${id} ${Math.round(figures.perSecond)}/s`;
