/** A small experiment in a folder: spell a word backwards, with the sandbox's smallest model. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { stringify } from 'yaml';
import { packageRoot } from '../../client/local/paths.ts';

/** Few enough to be quick, too few for a gate that has many candidates to allow for. */
const HELD_OUT = 24;

/** As many as a gate needs to be sure of. */
export const GATED = 96;

/** Writes the experiment and its data; returns the file's path. `changes` replace whole sections. */
export function writeExperiment(folder: string, changes: Record<string, unknown> = {}, heldOut = HELD_OUT): string {
  mkdirSync(folder, { recursive: true });
  const spelled = words(2000).map((there) => ({ there, back: there.toReversed() }));
  writeLines(
    join(folder, 'train.jsonl'),
    spelled
      .slice(heldOut, 2000)
      .map(({ there, back }) => ({ prompt: `${there.join(' ')} =`, completion: back.join(' ') })),
  );
  writeLines(
    join(folder, 'heldout.jsonl'),
    spelled.slice(0, heldOut).map(({ there, back }) => ({ prompt: `${there.join(' ')} =`, reference: back.join(' ') })),
  );
  const path = join(folder, 'experiment.yaml');
  writeFileSync(path, stringify({ ...experiment(), ...changes }));
  return path;
}

/** Prompts of words that no experiment here has: as many as a gate needs. Returns the file's path. */
export function writeOtherPrompts(folder: string): string {
  const path = join(folder, 'others.jsonl');
  const others = words(2000 + GATED).slice(2000);
  writeLines(
    path,
    others.map((there) => ({ prompt: `${there.join(' ')} =`, reference: there.toReversed().join(' ') })),
  );
  return path;
}

/** The same words as preferences: spelled backwards is preferred to spelled as they are. Returns the experiment's path. */
export function writePreferences(folder: string, changes: Record<string, unknown> = {}, pairs = 300): string {
  const evaluate = { prompts: 'heldout.jsonl', grader: 'preference_accuracy', concurrency: 8 };
  const train = { steps: 20, batchSize: 8, seed: 3, windowSteps: 5, optimizer: { learningRate: 0.005 } };
  const path = writeExperiment(folder, { loop: 'preference', train, evaluate, ...changes });
  const rows = words(pairs + GATED).map((there) => ({
    prompt: `${there.join(' ')} =`,
    chosen: there.toReversed().join(' '),
    rejected: there.join(' '),
  }));
  const palindrome = ({ chosen, rejected }: { chosen: string; rejected: string }): boolean => chosen === rejected;
  writeLines(join(folder, 'train.jsonl'), rows.slice(GATED));
  writeLines(
    join(folder, 'heldout.jsonl'),
    rows.slice(0, GATED).filter((row) => !palindrome(row)),
  );
  return path;
}

/** Makes two labelled rows of each pair of a file. */
export function labelled(path: string): void {
  const pairs = readFileSync(path, 'utf8').trim().split('\n');
  const rows = pairs.flatMap((line) => {
    const { prompt, chosen, rejected } = JSON.parse(line) as { prompt: string; chosen: string; rejected: string };
    return [
      { prompt, completion: chosen, label: true },
      { prompt, completion: rejected, label: false },
    ];
  });
  writeLines(path, rows);
}

/** The same data as two files of conversations in a folder, and the template that makes the same text of them. */
export function writeConversations(folder: string): void {
  const rows = readFileSync(join(folder, 'train.jsonl'), 'utf8').trim().split('\n');
  const conversations = rows.map((line) => {
    const { prompt, completion } = JSON.parse(line) as { prompt: string; completion: string };
    return {
      messages: [
        { role: 'user', content: prompt },
        { role: 'assistant', content: completion },
      ],
    };
  });
  mkdirSync(join(folder, 'parts'), { recursive: true });
  writeLines(join(folder, 'parts', 'part-1.jsonl'), conversations.slice(0, 1000));
  writeLines(join(folder, 'parts', 'part-2.jsonl'), conversations.slice(1000));
  const turn = "{{ message.content + ('<eos>' if message.role == 'assistant' else ' ') }}";
  writeFileSync(join(folder, 'chat.jinja'), `{% for message in messages %}${turn}{% endfor %}`);
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
