/** A small experiment in a folder: spell a word backwards, with the sandbox's smallest model. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { stringify } from 'yaml';
import { packageRoot } from '../../client/local/paths.ts';

const HELD_OUT = 24;

/** Writes the experiment and its data; returns the file's path. `changes` replace whole sections. */
export function writeExperiment(folder: string, changes: Record<string, unknown> = {}): string {
  mkdirSync(folder, { recursive: true });
  const spelled = words(2000).map((there) => ({ there, back: there.toReversed() }));
  writeLines(
    join(folder, 'train.jsonl'),
    spelled
      .slice(HELD_OUT, 2000)
      .map(({ there, back }) => ({ prompt: `${there.join(' ')} =`, completion: back.join(' ') })),
  );
  writeLines(
    join(folder, 'heldout.jsonl'),
    spelled
      .slice(0, HELD_OUT)
      .map(({ there, back }) => ({ prompt: `${there.join(' ')} =`, reference: back.join(' ') })),
  );
  const path = join(folder, 'experiment.yaml');
  writeFileSync(path, stringify({ ...experiment(), ...changes }));
  return path;
}

/** Words of three to five letters, no two alike, always the same ones. */
function words(count: number): string[][] {
  const random = xoroshiro128plus(11);
  const found = new Set<string>();
  while (found.size < count) {
    const letters = Array.from({ length: uniformInt(random, 3, 5) }, () => uniformInt(random, 0, 25));
    found.add(String.fromCharCode(...letters.map((letter) => letter + 97)));
  }
  return [...found].map((word) => word.split(''));
}

function experiment(): Record<string, unknown> {
  return {
    name: 'reverse',
    model: {
      shape: 'accounts/fireworks/trainingShapes/ts-pawl-nano',
      tokenizer: join(packageRoot(), 'sandbox/models/tokenizer.json'),
    },
    data: { train: 'train.jsonl', endToken: '<eos>' },
    train: { steps: 30, batchSize: 16, seed: 3, windowSteps: 5, optimizer: { learningRate: 0.01 } },
    checkpoint: { every: 10, baseEvery: 3 },
    evaluate: { prompts: 'heldout.jsonl', grader: 'edit_similarity', maxTokens: 8, concurrency: 8 },
  };
}

function writeLines(path: string, rows: readonly object[]): void {
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
