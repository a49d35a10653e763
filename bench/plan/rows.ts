/** A tokenizer and conversations of invented words, the same ones every time: what a plan is measured with. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { largeTokenizer } from '../../test/data/large-tokenizer.ts';
import { writeJsonl } from '../jsonl.ts';

const SYLLABLES = 'ka lo mi ren tas vo pel dun shi gra tion ing er al'.split(' ');
const WORDS = 5_000;

const TEMPLATE =
  "{%- for m in messages %}{{- '<|start|>' + m['role'] + '\\n' + m['content'] | trim + '<|end|>' }}{%- endfor %}" +
  "{%- if add_generation_prompt %}{{- '<|start|>assistant\\n' }}{%- endif %}";

/** With as many tokens as the largest that are in use. */
export async function writeTokenizer(folder: string, tokens: number): Promise<void> {
  await writeFile(join(folder, 'tokenizer.json'), largeTokenizer(tokens, ['<|start|>', '<|end|>']));
  await writeFile(join(folder, 'chat_template.jinja'), TEMPLATE);
}

/** JSONL, a conversation of a system prompt, a question and an answer a line. */
export async function writeConversations(
  folder: string,
  { rows, words }: { rows: number; words: number },
): Promise<void> {
  const random = xoroshiro128plus(3);
  const pick = <Item>(items: readonly Item[]): Item => items[uniformInt(random, 0, items.length - 1)] as Item;
  const known = Array.from({ length: WORDS }, () =>
    Array.from({ length: uniformInt(random, 1, 4) }, () => pick(SYLLABLES)).join(''),
  );
  const text = (count: number): string => Array.from({ length: count }, () => pick(known)).join(' ');
  await writeJsonl(join(folder, 'train.jsonl'), rows, (row) => ({
    messages: [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: `${row}: ${text(Math.ceil(words * 0.3))}` },
      { role: 'assistant', content: text(Math.ceil(words * 0.7)) },
    ],
  }));
}
