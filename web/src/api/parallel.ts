// Requests in parallel, but not all at once.

const LIMIT = 4;

/** Returns the result of each item in their order; at most `limit` jobs run, and none begins after one failed. */
export async function inParallel<T, R>(
  items: readonly T[],
  job: (item: T) => Promise<R>,
  limit = LIMIT,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await job(items[index] as T);
    }
  };
  const stop = (error: unknown) => {
    next = items.length;
    throw error;
  };
  await Promise.all(Array.from({ length: limit }, () => work().catch(stop)));
  return results;
}
