/**
 * Writes the data of examples/pronounce.yaml: spelling → phonemes, from the CMU Pronouncing Dictionary.
 *
 *     node examples/pronounce/prepare.mjs
 *
 * A held-out word is never trained on, but its relatives are: "baker" may be in training while "bakers" is held out.
 * The held-out score is therefore an optimistic estimate of how well truly new words would do. It is still a fair
 * measure of what training achieved, as the baseline is scored on the same words.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { dictionary } from 'cmu-pronouncing-dictionary';

const FOLDER = fileURLToPath(new URL('data', import.meta.url));
const HELD_OUT = 256;
/** Changing it changes which words are held out. */
const SEED = 'pawl/pronounce/1';

/** Writes train.jsonl and heldout.jsonl unless they are what this script would write. */
export function prepare() {
  const words = Object.keys(dictionary).filter((word) => /^[a-z]{3,9}$/.test(word));
  // Ordered by a hash of the word: the same on every machine, and unrelated to spelling.
  const shuffled = words.map((word) => [digest(SEED, word), word]).sort(([a], [b]) => (a < b ? -1 : 1));
  const examples = shuffled.map(([, word]) => [spell(word), phonemes(dictionary[word])]);
  const heldOut = examples.slice(0, HELD_OUT).map(([prompt, reference]) => ({ prompt, reference }));
  const train = examples.slice(HELD_OUT).map(([prompt, completion]) => ({ prompt, completion }));
  mkdirSync(FOLDER, { recursive: true });
  const written = [writeIfChanged('train.jsonl', train), writeIfChanged('heldout.jsonl', heldOut)];
  if (written.includes(true)) {
    console.error(`pawl: prepared ${train.length} words to train on and ${heldOut.length} held out`);
  }
}

/** "hello" → "h e l l o =" */
function spell(word) {
  return `${[...word].join(' ')} =`;
}

/** "HH AH0 L OW1" → "HH AH L OW": stress is not asked for, and what follows a # is a remark on the word's origin. */
function phonemes(pronunciation) {
  return pronunciation.replace(/\s*#.*$/, '').replaceAll(/\d/g, '');
}

function digest(seed, word) {
  return createHash('sha256').update(`${seed}/${word}`).digest('hex');
}

function writeIfChanged(name, rows) {
  const file = join(FOLDER, name);
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false;
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) prepare();
