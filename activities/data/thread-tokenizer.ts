/** A thread's tokenizer: loading a large one takes seconds, so the last one stays for a while. */
import { stat } from 'node:fs/promises';
import { Kept } from '../compute/kept.ts';
import { loadTokenizer, tokenizerOf, type TextTokenizer } from './tokenizer.ts';
import type { ReadTokenizer } from './tokenizer-read.ts';

const kept = new Kept<TextTokenizer>();

/** `read`: what another thread made of the file, so that it is in memory once. */
export async function threadTokenizer(path: string, read?: ReadTokenizer): Promise<TextTokenizer> {
  if (read !== undefined) return kept.get(`${read.hash} ${path}`, async () => Promise.resolve(tokenizerOf(read)));
  const found = await stat(path).catch(() => undefined);
  return kept.get(JSON.stringify([path, found?.size, found?.mtimeMs]), async () => loadTokenizer(path));
}
