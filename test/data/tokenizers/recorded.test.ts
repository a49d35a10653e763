/** Small tokenizers of one part each, against the ids that Python's tokenizers gives (record.py made recorded.json). */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadTokenizer } from '../../../activities/data/tokenizer.ts';
import { newFolder } from '../fixtures.ts';

interface Recorded {
  readonly texts: string[];
  /** JSON, by name. */
  readonly models: Record<string, string>;
  readonly cases: Record<string, { parts: string; model: string; ids: string[] }>;
}
const { texts, models, cases } = JSON.parse(readFileSync(join(__dirname, 'recorded.json'), 'utf8')) as Recorded;
const files = Object.entries(cases).map(([name, { parts, model, ids }]) => ({
  name,
  file: { ...(JSON.parse(parts) as object), model: JSON.parse(models[model] ?? '') as object },
  ids,
}));

async function load(file: unknown): ReturnType<typeof loadTokenizer> {
  const path = join(await newFolder(), 'tokenizer.json');
  await writeFile(path, JSON.stringify(file));
  return loadTokenizer(path);
}

describe('ids are those of Python', () => {
  test.each(files)('$name', async ({ file, ids }) => {
    const tokenizer = await load(file);
    expect(texts.map((text) => [text, tokenizer.encode(text).join(' ')])).toEqual(
      texts.map((text, index) => [text, ids[index]]),
    );
  });
});

describe('what is not honoured is refused by name', () => {
  const [plain = {}] = files.map(({ file }) => file);
  const added = {
    id: 1,
    content: '<x>',
    single_word: true,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
  test.each([
    ['single_word of the added token <x>', { added_tokens: [added] }],
    ['the pre_tokenizer UnicodeScripts', { pre_tokenizer: { type: 'UnicodeScripts' } }],
    ['the normalizer Nmt', { normalizer: { type: 'Nmt' } }],
    ['dropout of the model BPE', { model: { type: 'BPE', vocab: { a: 0 }, merges: [], dropout: 0.1 } }],
  ])('%s', async (part, change) => {
    await expect(load({ ...plain, ...change })).rejects.toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining(`${part} is not honoured here; set model.tokenizer to one without it.`),
    });
  });

  test('or when a text comes that it would be read otherwise in', async () => {
    const tokenizer = await load({ ...plain, normalizer: { type: 'Lowercase' } });
    expect(() => tokenizer.encode('ΟΔΟΣ')).toThrow('cannot be followed on "Σ" (lower case of Σ and İ)');
  });

  test('each part of a normalizer on its own account', async () => {
    const bert = { type: 'BertNormalizer', lowercase: true, handle_chinese_chars: true, clean_text: true };
    const tokenizer = await load({ ...plain, normalizer: bert });
    expect(() => tokenizer.encode('ΟΔΟΣ')).toThrow('cannot be followed on "Σ"');
    expect(() => tokenizer.encode('a𠮷b')).toThrow('cannot be followed on "𠮷"');
    expect(() => tokenizer.encode('a𠮷b')).toThrow('Chinese characters beyond the first plane');
  });
});

describe('another form of tokenizer is told apart, with the command that converts it', () => {
  test.each([
    ['a tiktoken vocabulary', 'IQ== 0\nIg== 1\n'],
    ['a SentencePiece model', Buffer.from([0x0a, 0x0e, 0x0a, 0x05, 0x3c, 0x75, 0x6e, 0x6b, 0x3e, 0x15, 0, 0, 0, 0])],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n'],
  ])('%s', async (kind, bytes) => {
    const path = join(await newFolder(), 'tokenizer');
    await writeFile(path, bytes);
    await expect(loadTokenizer(path)).rejects.toThrow(new RegExp(`is ${kind}.*python3 -c`));
  });
});
