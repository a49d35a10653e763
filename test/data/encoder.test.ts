/** What is remembered of words is what was made of them: the same ids in any order, and in a second look. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadTokenizer } from '../../activities/data/tokenizer.ts';
import { newFolder } from './fixtures.ts';

/** Byte-level, with merges for " ab" and "aba". */
async function write(): Promise<string> {
  const bytes = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
  const tokens = [...bytes, 'Ġ', 'Ċ', 'Ã', '©', 'ab', 'Ġab', 'aba'];
  const path = join(await newFolder(), 'tokenizer.json');
  await writeFile(
    path,
    JSON.stringify({
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
      post_processor: null,
      decoder: { type: 'ByteLevel' },
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: ['a b', 'Ġ ab', 'ab a'],
      },
    }),
  );
  return path;
}

test('a text has the same tokens however often its words came before', async () => {
  const path = await write();
  const texts = ['ab aba ab', ' ab\nabaé', 'ab'.repeat(40), 'é ab', 'ab aba ab'];
  const one = await loadTokenizer(path);
  const all = texts.map((text) => one.encode(text));
  const fresh = await Promise.all(texts.map(async (text) => (await loadTokenizer(path)).encode(text)));
  expect(all).toEqual(fresh);
  expect(all.map((tokens) => one.decode(tokens))).toEqual(texts);
  expect(all[0]?.map((token) => one.spell(token))).toEqual(['ab', ' ab', 'a', ' ab']);
});
