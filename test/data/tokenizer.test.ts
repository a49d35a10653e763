import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { loadTokenizer } from '../../activities/data/tokenizer.ts';
import { newFolder, writeText, writeTokenizer } from './fixtures.ts';

let folder: string;
beforeEach(async () => {
  folder = await newFolder();
});

describe('a tokenizer', () => {
  test('adds no special tokens of its own accord', async () => {
    const tokenizer = await loadTokenizer(await writeTokenizer(folder));
    expect(tokenizer.encode(' a  b\nc ')).toEqual([2, 3, 4]);
    expect(tokenizer.encode('')).toEqual([]);
  });

  test('reads special tokens that stand in the text, and leaves them out when decoding', async () => {
    const tokenizer = await loadTokenizer(await writeTokenizer(folder));
    expect(tokenizer.encode('a<end>b')).toEqual([2, 1, 3]);
    expect(tokenizer.decode([6, 7, 1])).toBe('A B');
    expect(tokenizer.decode([])).toBe('');
  });

  test('is known by the hash of its file', async () => {
    const path = await writeTokenizer(folder);
    const { hash } = await loadTokenizer(path);
    expect(hash).toBe(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    );
  });

  test('gives unknown words its unknown token', async () => {
    const tokenizer = await loadTokenizer(await writeTokenizer(folder));
    expect(tokenizer.encode('a zebra')).toEqual([2, 0]);
  });

  test('without an unknown token fails on an unknown word, naming it', async () => {
    const tokenizer = await loadTokenizer(await writeTokenizer(folder, { unknown: false }));
    expect(() => tokenizer.encode('a zebra')).toThrow('does not know "zebra"');
  });

  test('writes an end marker that it has, and refuses one that it has not', async () => {
    const tokenizer = await loadTokenizer(await writeTokenizer(folder));
    expect(tokenizer.encodeEnd('<end>')).toEqual([1]);
    expect(tokenizer.encodeEnd('A B')).toEqual([6, 7]);
    expect(() => tokenizer.encodeEnd('<stop>')).toThrow('data.endToken "<stop>" is not in the vocabulary');
    expect(() => tokenizer.encodeEnd('')).toThrow('is not in the vocabulary');
  });

  test('that cannot be read names the file', async () => {
    const path = join(folder, 'nowhere.json');
    await expect(loadTokenizer(path)).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: `The tokenizer ${path} cannot be read: correct model.tokenizer.`,
    });
  });

  test.each(['not json', '[]', '{"model": {}}', '{"version": "1.0"}'])('is not %s', async (text) => {
    const path = await writeText(folder, text);
    await expect(loadTokenizer(path)).rejects.toThrow(`${path} is not a Hugging Face tokenizer.json`);
  });
});
