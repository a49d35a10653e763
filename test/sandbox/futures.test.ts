import { describe, expect, test } from '@jest/globals';
import { Futures } from '../../sandbox/trainer/futures.ts';

const BIG = { text: 'x'.repeat(100) };

describe('promises of a trainer', () => {
  test('are kept as long as there is room, the oldest going first', async () => {
    const futures = new Futures(1000, 250);
    const ids = [1, 2, 3].map(() => futures.add(Promise.resolve(BIG)));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(futures.retrieve(ids[0] ?? '')).rejects.toMatchObject({ status: 410 });
    for (const id of ids.slice(1)) expect(JSON.parse(await futures.retrieve(id))).toEqual(BIG);
  });

  test('of another process are gone, and of nobody are not found', async () => {
    const [futures, other] = [new Futures(1000), new Futures(1000)];
    await expect(futures.retrieve(other.add(Promise.resolve({})))).rejects.toMatchObject({ status: 410 });
    await expect(futures.retrieve('req-1')).rejects.toMatchObject({ status: 404 });
  });

  test('a poll is answered at once when the result comes, and asks for patience when it does not', async () => {
    const futures = new Futures(10);
    let finish: (value: object) => void = () => undefined;
    const id = futures.add(new Promise<object>((resolve) => (finish = resolve)));
    expect(JSON.parse(await futures.retrieve(id))).toMatchObject({ type: 'try_again', request_id: id });
    const polling = futures.retrieve(id);
    finish({ done: 1 });
    expect(JSON.parse(await polling)).toEqual({ done: 1 });
  });
});
