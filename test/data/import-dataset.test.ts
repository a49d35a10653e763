/** Making a dataset: what it says of bad rows, and how it goes on where another attempt stopped. */
import { appendFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { openDataset } from '../../activities/data/dataset.ts';
import { importDataset, type DatasetImport, type ImportProgress } from '../../activities/data/import-dataset.ts';
import type { Compute } from '../../activities/compute/compute.ts';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { testPool } from '../compute/pool.ts';
import { importAndRead } from './import.ts';
import { newFolder, writeTokenizer } from './fixtures.ts';

const pool = testPool();
let folder: string;
let artifacts: Artifacts;
let train: string;
let options: DatasetImport;

beforeEach(async () => {
  folder = await newFolder();
  artifacts = openArtifacts(join(folder, 'artifacts'));
  train = join(folder, 'train.jsonl');
  options = {
    train,
    chat: { tokenizer: await writeTokenizer(folder) },
    maxTokens: 64,
    rangeBytes: 1_000,
    partWords: 200,
  };
});

const line = (index: number): string =>
  `${JSON.stringify({ prompt: `${'a '.repeat(1 + (index % 9))}->`, completion: 'B' })}\n`;
const rows = (count: number): string => Array.from({ length: count }, (_, index) => line(index)).join('');

/** The pool, and which tasks it was asked for. */
function counting(): { compute: Compute; asked: Record<string, number> } {
  const asked: Record<string, number> = {};
  const compute: Compute = {
    ...pool,
    run: (task, input, how) => {
      asked[task] = (asked[task] ?? 0) + 1;
      return pool.run(task, input, how);
    },
  };
  return { compute, asked };
}

test('what is left out is told by its line in its file, wherever the file was cut, and again from the journal', async () => {
  const other = join(folder, 'other.jsonl');
  const long = `${JSON.stringify({ prompt: `${'a '.repeat(80)}->`, completion: 'B' })}\n`;
  const unweighted = `${JSON.stringify({ prompt: 'a ->', completion: 'B', weight: 0 })}\n`;
  await writeFile(train, `${rows(70)}${long}\n${rows(50)}${unweighted}${rows(3)}`);
  await writeFile(other, `${rows(40)}${long.repeat(30)}`);
  const files = { ...options, train: [train, other] };
  const expected = [
    { file: train, line: 71, tokens: 82 },
    { file: train, line: 123 },
    ...Array.from({ length: 18 }, (_, index) => ({ file: other, line: 41 + index, tokens: 82 })),
  ];
  for (const rangeBytes of [300, 1_000, 1_000, 1_000_000]) {
    const { left, leftOut, dropped } = await importDataset({ artifacts, compute: pool }, { ...files, rangeBytes });
    expect({ left, leftOut, dropped }).toEqual({ left: expected, leftOut: 32, dropped: 31 });
  }
});

describe('a row that cannot be used', () => {
  test('is told by its line in the whole file, however far behind it stands', async () => {
    await writeFile(train, `${rows(200)}{oops\n${rows(10)}`);
    await expect(importDataset({ artifacts, compute: pool }, options)).rejects.toThrow(`${train}:201: not JSON`);
  });

  test('is the first of them', async () => {
    await writeFile(train, `${rows(80)}{"prompt": "a"}\n${rows(100)}{oops\n`);
    await expect(importDataset({ artifacts, compute: pool }, options)).rejects.toThrow(`${train}:81: completion:`);
  });

  test('is one of many megabytes, which is not even tokenized', async () => {
    await writeFile(
      train,
      `${rows(50)}${JSON.stringify({ prompt: 'a'.repeat(9_000_000), completion: 'B' })}\n${rows(5)}`,
    );
    await expect(importDataset({ artifacts, compute: pool }, options)).rejects.toThrow(
      `${train}:51: a row of 2.1 MB or more cannot have the 64 tokens at most`,
    );
  });

  test('is one in another encoding', async () => {
    await writeFile(train, rows(60));
    await appendFile(train, Buffer.from('{"prompt": "caf\xe9 ->", "completion": "B"}\n', 'latin1'));
    await expect(importDataset({ artifacts, compute: pool }, options)).rejects.toThrow(
      `${train}:61:16: not UTF-8 (byte 0xe9): the file seems to be Latin-1; iconv`,
    );
  });
});

test('lines of any length are read once, wherever ranges end', async () => {
  const lengths = [1, 400, 3, 2_500, 1, 1, 990, 7];
  const text = lengths.map((length) => JSON.stringify({ prompt: 'a'.repeat(length), completion: 'B' })).join('\n');
  await writeFile(train, text);
  for (const rangeBytes of [1, 2, 37, 100, 1_000, 100_000]) {
    const { examples } = await importAndRead({ artifacts, compute: pool }, { ...options, rangeBytes });
    expect(examples).toHaveLength(lengths.length);
  }
});

describe('an import that was interrupted', () => {
  async function interrupted(after: number): Promise<void> {
    const control = new AbortController();
    const onProgress = ({ ranges }: ImportProgress): void => {
      if (ranges >= after) control.abort(new Error('the worker died'));
    };
    const begun = importDataset({ artifacts, compute: pool }, { ...options, onProgress, signal: control.signal });
    await expect(begun).rejects.toThrow('the worker died');
  }

  test('goes on where it was, and makes the same', async () => {
    await writeFile(train, rows(1_000));
    const whole = await importAndRead({ artifacts: openArtifacts(join(folder, 'whole')), compute: pool }, options);
    await interrupted(30);
    const { compute, asked } = counting();
    const again = await importAndRead({ artifacts, compute }, options);
    expect(again).toEqual(whole);
    const ranges = Math.ceil((await readFile(train)).length / 1_000);
    expect(asked['data.tokenizeRange']).toBeLessThanOrEqual(ranges - 25);
    expect(asked['data.digest']).toBeGreaterThanOrEqual(25);
  });

  test('begins anew where what was read has changed, or what was made is gone', async () => {
    await writeFile(train, rows(1_000));
    await interrupted(30);
    const changed = (await readFile(train, 'utf8')).replace('"B"', '"C"');
    await writeFile(train, changed);
    const { compute, asked } = counting();
    const { examples } = await importAndRead({ artifacts, compute }, options);
    expect(examples[0]?.tokens.at(-1)).toBe(8);
    expect(asked['data.tokenizeRange']).toBe(Math.ceil(changed.length / 1_000));
    for (const name of await readdir(join(folder, 'artifacts'))) {
      if (name !== 'notes') await rm(join(folder, 'artifacts', name), { recursive: true });
    }
    const once = await importAndRead({ artifacts: openArtifacts(join(folder, 'artifacts')), compute }, options);
    expect(once.examples).toEqual(examples);
  });

  test('and another run of the same data finds it made; with another setting it is other data', async () => {
    await writeFile(train, rows(300));
    const made = await importDataset({ artifacts, compute: pool }, options);
    const { compute, asked } = counting();
    expect(await importDataset({ artifacts, compute }, options)).toEqual(made);
    expect(asked['data.tokenizeRange']).toBeUndefined();
    await appendFile(train, rows(3));
    expect(await importDataset({ artifacts, compute }, options)).toMatchObject({ examples: 303 });
    const other = await importDataset({ artifacts, compute }, { ...options, endToken: '<end>' });
    expect(other.tokens).toBe(made.tokens + 12 + 303);
  });
});

test('the day counts for templates that ask for it, and for no others', async () => {
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'A' },
  ];
  await writeFile(train, `${JSON.stringify({ messages })}\n`);
  for (const [template, ranges] of [
    ["{% for message in messages %}{{ message.content + ' ' }}{% endfor %}", 1],
    ["{{ strftime_now('%d') + ' ' }}{% for message in messages %}{{ message.content + ' ' }}{% endfor %}", 2],
  ] as const) {
    await writeFile(join(folder, 'chat_template.jinja'), template);
    const { compute, asked } = counting();
    for (const date of ['2026-11-27', '2026-11-28', '2026-11-28']) {
      await importDataset({ artifacts, compute }, { ...options, chat: { ...options.chat, date } });
    }
    expect(asked['data.tokenizeRange']).toBe(ranges);
  }
});

test('examples are proven when they are read', async () => {
  await writeFile(train, rows(300));
  const { made, manifest } = await importAndRead({ artifacts, compute: pool }, options);
  const [part] = manifest.parts;
  const path = join(folder, 'artifacts', part?.hash.slice(0, 2) ?? '', part?.hash.slice(2) ?? '');
  const bytes = await readFile(path);
  bytes[bytes.length - 1] = 255 - (bytes.at(-1) ?? 0);
  await writeFile(path, bytes);
  const last = (part?.examples ?? 0) - 1;
  const dataset = await openDataset(openArtifacts(join(folder, 'artifacts')), made.hash);
  await expect(dataset.read([last])).rejects.toThrow('is damaged');
  await truncate(path, 30);
  await expect(dataset.read([last])).rejects.toThrow('is damaged');
});
