/** A tokenizer of one token per character, and of ends that are tokens of their own: what is trained can be read back. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const LETTERS = [...Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)), '\n', '\t', 'é'];
const SPECIAL = ['<s>', '<end>', '<unk>'];
const VOCABULARY = Object.fromEntries([...SPECIAL, ...LETTERS].map((token, id) => [token, id]));

/** `beginning`: transformers puts <s> before texts. */
export async function writeCharacters(folder: string, options: { beginning?: boolean } = {}): Promise<string> {
  const path = join(folder, 'tokenizer.json');
  const added = SPECIAL.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const processor = {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
  };
  const file = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: options.beginning === true ? processor : null,
    decoder: { type: 'Fuse' },
    model: { type: 'BPE', vocab: VOCABULARY, merges: [], unk_token: '<unk>' },
  };
  await writeFile(path, JSON.stringify(file));
  return path;
}

/** An example's text, what is trained on between brackets. */
export function spelled({ tokens, trained }: { tokens: readonly number[]; trained: readonly number[] }): string {
  const names = [...SPECIAL, ...LETTERS];
  let text = '';
  for (const [index, token] of tokens.entries()) {
    for (let piece = 0; piece < trained.length; piece += 2) {
      if (trained[piece] === index) text += '[';
      if (trained[piece + 1] === index) text += ']';
    }
    text += names[token] ?? '?';
  }
  return trained.at(-1) === tokens.length ? `${text}]` : text;
}
