import { beforeEach, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDataset } from '../../activities/data/dataset.ts';
import { isOnSide, type Holdout } from '../../activities/data/holdout.ts';
import { importDataset } from '../../activities/data/import-dataset.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { testPool } from '../compute/pool.ts';
import { newFolder, writeRows, writeTokenizer } from './fixtures.ts';

const compute = testPool();
let folder: string;
let tokenizer: string;

beforeEach(async () => {
  folder = await newFolder();
  tokenizer = await writeTokenizer(folder);
});

const LETTERS = ['a', 'b', 'c'];

/** No two alike. */
const ROWS = Array.from({ length: 300 }, (_, index) => ({
  prompt: 'a ->',
  completion: Array.from({ length: 6 }, (__, digit) => LETTERS[Math.floor(index / 3 ** digit) % 3]).join(' '),
}));

interface Side {
  readonly examples: string[];
  readonly rows: number;
  readonly elsewhere: number;
  readonly hash: string;
}

async function sideOf(train: string, holdout: Holdout, preferences?: 'labelled'): Promise<Side> {
  const artifacts = openArtifacts(join(folder, 'artifacts'));
  const made = await importDataset(
    { artifacts, compute },
    { train, chat: { tokenizer }, maxTokens: 32, holdout, preferences },
  );
  const dataset = await openDataset(artifacts, made.hash);
  const examples = await dataset.read(Array.from({ length: dataset.examples }, (_, index) => index));
  const { rows, elsewhere, hash } = made;
  return { examples: examples.map(({ tokens }) => tokens.join(' ')), rows, elsewhere, hash };
}

const heldOut = (fraction: number): Holdout => ({ fraction, side: 'held out' });
const trained = (fraction: number): Holdout => ({ fraction, side: 'trained' });

describe('rows that are held out', () => {
  test('are never trained on, and about as many as asked for', async () => {
    const train = await writeRows(folder, ROWS);
    const [held, others] = [await sideOf(train, heldOut(0.2)), await sideOf(train, trained(0.2))];
    expect(held.examples.filter((example) => others.examples.includes(example))).toEqual([]);
    expect(held.rows + others.rows).toBe(ROWS.length);
    expect([held.elsewhere, others.elsewhere]).toEqual([others.rows, held.rows]);
    // Of 300 with a chance of a fifth each: 60, give or take four standard deviations.
    expect(Math.abs(held.rows - 60)).toBeLessThan(28);
  });

  test('are the same ones in whatever form and order they come, and under whatever id', async () => {
    const { hash, examples } = await sideOf(await writeRows(folder, ROWS), heldOut(0.2));
    const table = join(folder, 'rows.csv');
    await writeFile(table, ['prompt,completion', ...ROWS.map((row) => `${row.prompt},${row.completion}`)].join('\n'));
    expect((await sideOf(table, heldOut(0.2))).hash).toBe(hash);
    const renamed = ROWS.map(({ prompt, completion }, index) => ({ id: index, completion, prompt, source: null }));
    const turned = await sideOf(await writeRows(folder, renamed.toReversed()), heldOut(0.2));
    expect(turned.examples.toReversed()).toEqual(examples);
  });

  test('take their repetitions with them', async () => {
    const again = ROWS.flatMap((row, index) => [
      { ...row, id: `once-${index}` },
      { ...row, id: `twice-${index}` },
    ]);
    const train = await writeRows(folder, again);
    const [held, others] = [await sideOf(train, heldOut(0.5)), await sideOf(train, trained(0.5))];
    expect(held.examples.filter((example) => others.examples.includes(example))).toEqual([]);
    expect(held.rows % 2).toBe(0);
  });

  test('grow with their part: what is held out of less is held out of more', () => {
    const lines = ROWS.map((row) => JSON.stringify(row));
    const few = lines.filter((line) => isOnSide(line, heldOut(0.1)));
    expect(few.length).toBeGreaterThan(0);
    expect(few.every((line) => isOnSide(line, heldOut(0.3)))).toBe(true);
  });

  test('lend no answer to a labelled row that is trained on', async () => {
    const labelledRows = ROWS.map((row, index) => ({ ...row, label: index % 2 === 0 }));
    const train = await writeRows(folder, labelledRows);
    const held = await sideOf(train, heldOut(0.3), 'labelled');
    const others = await sideOf(train, trained(0.3), 'labelled');
    // Answers of other rows stand in every second example; all prompts are alike.
    expect(others.examples.filter((example) => held.examples.includes(example))).toEqual([]);
    expect(others.examples).toHaveLength(2 * others.rows);
  });

  test.each([
    [heldOut(0.001), '0.001 of the 5 rows', 'comes to none of them; raise it'],
    [trained(0.999), '0.999 of the 5 rows', 'comes to all of them; lower it'],
  ])('that leave nothing on one side are refused: %j', async (holdout, what, remedy) => {
    const train = await writeRows(folder, ROWS.slice(0, 5));
    const refused = sideOf(train, holdout);
    await expect(refused).rejects.toThrow(what);
    await expect(refused).rejects.toThrow(remedy);
  });
});

test('a line that is no JSON is refused with its place, and once', async () => {
  const path = join(folder, 'broken.jsonl');
  await writeFile(path, `${JSON.stringify(ROWS[0])}\n{"prompt": \n`);
  await expect(sideOf(path, trained(0.5))).rejects.toThrow('broken.jsonl:2: not JSON');
});
