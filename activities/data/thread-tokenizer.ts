/** A thread's tokenizer: loading a large one takes seconds, so the last one stays for a while. */
import { stat } from 'node:fs/promises';
import { Kept } from '../compute/kept.ts';
import { loadTokenizer, type TextTokenizer } from './tokenizer.ts';

const kept = new Kept<TextTokenizer>();

export async function threadTokenizer(path: string): Promise<TextTokenizer> {
  const found = await stat(path).catch(() => undefined);
  return kept.get(JSON.stringify([path, found?.size, found?.mtimeMs]), async () => loadTokenizer(path));
}
