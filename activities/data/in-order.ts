/** Several at a time, results in the order of what was asked: what a pool of threads is kept busy with. */

/** At most `width` are under way or wait to be taken. When the reader stops early, `stop` is aborted. */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  { width, stop, run }: { width: number; stop?: AbortController; run: (item: Item) => Promise<Result> },
): AsyncGenerator<Result> {
  const waiting: Promise<Result>[] = [];
  try {
    for (const item of items) {
      const result = run(item);
      // Whoever waits for it hears of its failure; nobody may be left to.
      result.catch(() => undefined);
      waiting.push(result);
      if (waiting.length >= width) yield await next(waiting);
    }
    while (waiting.length > 0) yield await next(waiting);
  } finally {
    if (waiting.length > 0) stop?.abort();
  }
}

async function next<Result>(waiting: Promise<Result>[]): Promise<Result> {
  const [first] = waiting;
  if (first === undefined) throw new RangeError('nothing waits');
  const result = await first;
  void waiting.shift();
  return result;
}
