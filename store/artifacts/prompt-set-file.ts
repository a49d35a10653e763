/** How a prompt set is kept: a line about the set, then a line for each prompt, in order. */
import { z } from 'zod';
import type { Artifacts } from './artifacts.ts';

/** Of one prompt. */
export const StoredPrompt = z.object({
  prompt: z.string(),
  tokens: z.array(z.number().int()),
  reference: z.string(),
  tags: z.array(z.string()),
  /** An answer that the model is to find less likely than the reference. */
  rejected: z.string().optional(),
});
export type StoredPrompt = z.output<typeof StoredPrompt>;

const PIECE = 256 * 1_024;
const LF = 10;

/** Reads the prompts with these numbers, which rise: only as much of the file as lies before the last of them. */
export async function* readPrompts(
  artifacts: Pick<Artifacts, 'read'>,
  hash: string,
  numbers: Iterable<number> | AsyncIterable<number>,
): AsyncGenerator<readonly [number, StoredPrompt]> {
  const lines = readLines(artifacts, hash);
  await lines.next();
  let at = -1;
  for await (const wanted of numbers) {
    let line = '';
    while (at < wanted) {
      const next = await lines.next();
      if (next.done === true) return;
      line = next.value;
      at += 1;
    }
    yield [wanted, StoredPrompt.parse(JSON.parse(line))];
  }
}

async function* readLines(artifacts: Pick<Artifacts, 'read'>, hash: string): AsyncGenerator<string, undefined> {
  let rest = Buffer.alloc(0);
  for (let offset = 0; ; offset += PIECE) {
    const piece = await artifacts.read(hash, { offset, length: PIECE });
    let from = 0;
    const bytes = Buffer.concat([rest, piece]);
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, from)) {
      yield bytes.toString('utf8', from, end);
      from = end + 1;
    }
    rest = bytes.subarray(from);
    if (piece.length < PIECE) return undefined;
  }
}
