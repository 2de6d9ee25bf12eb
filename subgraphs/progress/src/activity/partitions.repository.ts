/**
 * Keeps the months of activity ahead of time: without its partition a month's rows land in the default one, where they
 * are found all the same, but not skipped and not dropped by the month.
 */
import { ensureActivityPartitions } from '@lyceum/database';
import type { Lifecycle } from '@lyceum/service-kit';
import type { Resources } from '../resources.ts';

const everyMs = 6 * 60 * 60 * 1000;

/** Now and every six hours. A failure is logged: rows have a place to go until the next try. */
export function keepActivityPartitions({ clock, database, log }: Resources, life: Lifecycle): void {
  async function ensure(): Promise<void> {
    try {
      const made = await ensureActivityPartitions(database, { from: clock.now() });
      if (made > 0) log.info({ made }, 'activity partitions made');
    } catch (err) {
      log.warn({ err }, 'activity partitions were not made');
    }
  }
  let running = ensure();
  const timer = setInterval(() => {
    running = running.then(ensure);
  }, everyMs);
  life.own('activity partitions', timer, async () => {
    clearInterval(timer);
    await running;
  });
}
