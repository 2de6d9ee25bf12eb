/**
 * Loaders: per request, named, bounded, answering in key order.
 */
import type { Metrics } from '@lyceum/service-kit';
import DataLoader from 'dataloader';

/** More keys than this go in several batches. */
const MAX_BATCH_SIZE = 200;

export type Loader<K, V> = DataLoader<K, V | null, unknown>;
type Batch<K, V> = (keys: readonly K[]) => Promise<readonly (V | Error | null | undefined)[] | ReadonlyMap<unknown, V>>;

let batchSizes: { observe(labels: { loader: string }, value: number): void } | undefined;

/** Once per process, before the first loader works. */
export function measureLoaders(metrics: Metrics): void {
  batchSizes = metrics.histogram({
    name: 'lyceum_loader_batch_size',
    help: 'Keys that one batch of a loader was asked for.',
    labelNames: ['loader'],
    buckets: [1, 2, 5, 10, 20, 50, 100, 200],
  });
}

/**
 * `batch` answers with an array in the order of its keys, or with a map from key to value. What it leaves out loads as null. Make one for each context: it caches what one viewer may see.
 */
export function createLoader<K, V>(name: string, batch: Batch<K, V>): Loader<K, V> {
  return new DataLoader<K, V | null, unknown>(
    async (keys) => {
      batchSizes?.observe({ loader: name }, keys.length);
      const answer = await batch(keys);
      if (isMap(answer)) return keys.map((key) => answer.get(key) ?? null);
      return answer.map((value) => value ?? null);
    },
    { name, maxBatchSize: MAX_BATCH_SIZE },
  );
}

function isMap<V>(answer: readonly unknown[] | ReadonlyMap<unknown, V>): answer is ReadonlyMap<unknown, V> {
  return 'get' in answer;
}
