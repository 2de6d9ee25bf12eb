/**
 * What choosing a server costs: a session, then id → bucket → shard → replica that has replayed what the reader has seen.
 *
 * Nothing is asked of any server meanwhile: the position was seen on the replica before the clock starts.
 */
import { median } from '../statistics.ts';
import type { Databases } from './fill.ts';

const BATCHES = 21;
const CALLS = 5_000;
const SHARD = 's1';

/** Microseconds of this process for each routed read: its own time, so that neighbours do not count. */
export async function measureRouting({ progress }: Databases, learnerIds: readonly string[]): Promise<number> {
  const positions = { [`progress/${SHARD}`]: '0/1' };
  const route = async (learnerId: string) => {
    const session = progress.session(null);
    session.observe(positions);
    return await session.read(learnerId);
  };
  const batches: number[] = [];
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const clock = process.cpuUsage();
    for (let call = 0; call < CALLS; call += 1) await route(learnerIds[call % learnerIds.length]!);
    const { user, system } = process.cpuUsage(clock);
    batches.push((user + system) / CALLS);
  }
  return median(batches);
}
