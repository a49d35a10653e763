/** Examples to look at: a few of a dataset, as text, with what of each is learned. */
import type { ShownExample, ShownPiece } from '../../domain/words/check.ts';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { openDataset, type Dataset } from './dataset.ts';
import { HEAD_WORDS, readSizes, type Example } from './part-format.ts';
import { threadTokenizer } from './thread-tokenizer.ts';
import type { TextTokenizer } from './tokenizer.ts';

export interface ShowExamples {
  /** Of the artifacts. */
  readonly folder: string;
  readonly dataset: string;
  /** Path. */
  readonly tokenizer: string;
}

/** The first, the one in the middle, the last, and the longest where it is none of these. */
export async function shownExamples({ folder, dataset: hash, tokenizer: path }: ShowExamples): Promise<ShownExample[]> {
  const artifacts = openArtifacts(folder);
  const dataset = await openDataset(artifacts, hash);
  const tokenizer = await threadTokenizer(path);
  const last = dataset.examples - 1;
  const chosen = new Map<number, ShownExample['which']>();
  const wanted = [
    ['first', 0],
    ['middle', Math.floor(last / 2)],
    ['last', last],
    ['longest', await longest(artifacts, dataset)],
  ] as const;
  for (const [which, index] of wanted) if (!chosen.has(index)) chosen.set(index, which);
  const examples = await dataset.read([...chosen.keys()]);
  return [...chosen].map(([index, which], position) => {
    const example = examples[position];
    if (example === undefined) throw new RangeError(`example ${index}`);
    return { which, number: index + 1, ...shown(example, tokenizer) };
  });
}

/** By the tables of the parts: none but candidates are read. */
async function longest(artifacts: Artifacts, dataset: Dataset): Promise<number> {
  const { maxExampleTokens, parts } = dataset.manifest;
  let before = 0;
  for (const { hash, examples } of parts) {
    const sizes = await readSizes((offset, length) => artifacts.read(hash, { offset, length }), examples);
    for (const [index, words] of sizes.entries()) {
      // An example's borders take words too, so that a shorter one with many pieces may take as many.
      if (words < maxExampleTokens + HEAD_WORDS) continue;
      const [example] = await dataset.read([before + index]);
      if (example?.tokens.length === maxExampleTokens) return before + index;
    }
    before += examples;
  }
  return 0;
}

function shown({ tokens, trained }: Example, tokenizer: TextTokenizer): Omit<ShownExample, 'which' | 'number'> {
  const borders = [0, ...trained, tokens.length];
  const pieces: ShownPiece[] = [];
  let text = '';
  for (let border = 0; border + 1 < borders.length; border += 1) {
    const [start = 0, end = 0] = borders.slice(border);
    if (start === end) continue;
    // As a whole: characters may span tokens, and a piece by itself may lose its leading blank.
    const whole = tokenizer.write(tokens.subarray(0, end));
    const own = whole.startsWith(text) ? whole.slice(text.length) : tokenizer.write(tokens.subarray(start, end));
    pieces.push({ text: own, tokens: end - start, trained: border % 2 === 1 });
    text = whole;
  }
  const learned = pieces.reduce((sum, piece) => sum + (piece.trained ? piece.tokens : 0), 0);
  return { tokens: tokens.length, trained: learned, pieces };
}
