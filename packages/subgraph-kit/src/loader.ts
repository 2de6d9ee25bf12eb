/**
 * Loaders: per request, named, bounded, answering in key order.
 */
import type { Metrics } from '@lyceum/service-kit';
import DataLoader from 'dataloader';

export interface LoaderOptions<K> {
  /** More keys than this go in several batches. Default 200. */
  readonly maxBatchSize?: number;
  /** Needed for keys that are objects: two keys with the same text are the same key. */
  readonly cacheKey?: (key: K) => string;
}

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
 * `batch` answers with an array in the order of its keys, or with a map from key (from `cacheKey(key)` if given) to
 * value. What it leaves out loads as null. Make one for each context: it caches what one viewer may see.
 */
export function createLoader<K, V>(
  name: string,
  batch: Batch<K, V>,
  { maxBatchSize = 200, cacheKey }: LoaderOptions<K> = {},
): Loader<K, V> {
  return new DataLoader<K, V | null, unknown>(
    async (keys) => {
      batchSizes?.observe({ loader: name }, keys.length);
      const answer = await batch(keys);
      if (isMap(answer)) return keys.map((key) => answer.get(cacheKey === undefined ? key : cacheKey(key)) ?? null);
      return answer.map((value) => value ?? null);
    },
    { name, maxBatchSize, cacheKeyFn: cacheKey },
  );
}

function isMap<V>(answer: readonly unknown[] | ReadonlyMap<unknown, V>): answer is ReadonlyMap<unknown, V> {
  return 'get' in answer;
}
