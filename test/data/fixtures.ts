/** Real files for the tests of data: a word-level tokenizer, JSONL files, a folder of artifacts. */
import { afterAll } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const VOCABULARY = { '<unk>': 0, '<end>': 1, a: 2, b: 3, c: 4, '->': 5, A: 6, B: 7, C: 8, user: 9, assistant: 10 };

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A folder that is removed after the tests of this file. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-data-'));
  folders.push(folder);
  return folder;
}

export async function writeTokenizer(
  folder: string,
  options: { unknown: boolean } = { unknown: true },
): Promise<string> {
  const path = join(folder, 'tokenizer.json');
  const file = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      { id: 1, content: '<end>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    // A post-processor that adds an end to everything, so that a test can tell that none is added.
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '<end>', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '<end>': { id: '<end>', ids: [1], tokens: ['<end>'] } },
    },
    decoder: null,
    model: { type: 'WordLevel', vocab: VOCABULARY, ...(options.unknown && { unk_token: '<unk>' }) },
  };
  await writeFile(path, JSON.stringify(file));
  return path;
}

export async function writeRows(folder: string, rows: readonly unknown[]): Promise<string> {
  return writeText(folder, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

export async function writeText(folder: string, text: string): Promise<string> {
  const path = join(folder, 'rows.jsonl');
  await writeFile(path, text);
  return path;
}
