/** Prompts that a model was trained on: what it scores on them says little of what it learned. */
import type { Dataset } from './dataset.ts';
import type { Prompt } from './prompt-set.ts';

/** How many prompts stand, token by token, before something that an example of the dataset trains. */
export function overlappingPrompts(dataset: Dataset, prompts: readonly Prompt[]): number {
  const asked = new Set(prompts.map(({ tokens }) => tokens.join(',')));
  const lengths = new Set(prompts.map(({ tokens }) => tokens.length));
  const seen = new Set<string>();
  for (let index = 0; index < dataset.examples && seen.size < asked.size; index++) {
    const { tokens, trained } = dataset.example(index);
    for (let piece = 0; piece < trained.length; piece += 2) {
      const start = trained[piece] ?? 0;
      // Most examples are of another length than any prompt, and need no key.
      if (!lengths.has(start)) continue;
      const key = tokens.subarray(0, start).join(',');
      if (asked.has(key)) seen.add(key);
    }
  }
  return prompts.filter(({ tokens }) => seen.has(tokens.join(','))).length;
}
