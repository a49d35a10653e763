/** A tokenizer and conversations of invented words, the same ones every time: what a plan is measured with. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const SYLLABLES = 'ka lo mi ren tas vo pel dun shi gra tion ing er al'.split(' ');
const WORDS = 5_000;

const TEMPLATE =
  "{%- for m in messages %}{{- '<|start|>' + m['role'] + '\\n' + m['content'] | trim + '<|end|>' }}{%- endfor %}" +
  "{%- if add_generation_prompt %}{{- '<|start|>assistant\\n' }}{%- endif %}";

/** Byte-level, with as many tokens as the largest that are in use, and about twice as many merges. */
export async function writeTokenizer(folder: string, tokens: number): Promise<string> {
  const alphabet = [...[...range(33, 126)].map((code) => String.fromCharCode(code)), 'Ġ', 'Ċ'];
  const vocab = new Map(alphabet.map((token, id) => [token, id]));
  const merges: string[] = [];
  for (let level = alphabet; vocab.size < tokens;) {
    const made: string[] = [];
    for (const left of level) {
      for (const right of alphabet) {
        if (vocab.size >= tokens) break;
        const token = left + right;
        merges.push(`${left} ${right}`);
        vocab.set(token, vocab.size);
        made.push(token);
      }
    }
    level = made;
  }
  for (const token of vocab.keys()) {
    if (token.length === 3 && vocab.has(token.slice(1))) merges.push(`${token[0]} ${token.slice(1)}`);
  }
  const special = ['<|start|>', '<|end|>'].map((content, index) => ({
    id: vocab.size + index,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const file = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special,
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab: Object.fromEntries(vocab), merges },
  };
  const path = join(folder, 'tokenizer.json');
  await writeFile(path, JSON.stringify(file));
  await writeFile(join(folder, 'chat_template.jinja'), TEMPLATE);
  return path;
}

/** JSONL, a conversation of a system prompt, a question and an answer a line. */
export async function writeConversations(
  folder: string,
  { rows, words }: { rows: number; words: number },
): Promise<string> {
  const random = xoroshiro128plus(3);
  const pick = <Item>(items: readonly Item[]): Item => items[uniformInt(random, 0, items.length - 1)] as Item;
  const known = Array.from({ length: WORDS }, () =>
    Array.from({ length: uniformInt(random, 1, 4) }, () => pick(SYLLABLES)).join(''),
  );
  const text = (count: number): string => Array.from({ length: count }, () => pick(known)).join(' ');
  const path = join(folder, 'train.jsonl');
  const stream = createWriteStream(path);
  for (let row = 0; row < rows; row += 1) {
    const messages = [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: `${row}: ${text(Math.ceil(words * 0.3))}` },
      { role: 'assistant', content: text(Math.ceil(words * 0.7)) },
    ];
    if (!stream.write(`${JSON.stringify({ messages })}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
  return path;
}

function* range(from: number, to: number): Generator<number> {
  for (let number = from; number <= to; number += 1) yield number;
}
