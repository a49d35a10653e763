/**
 * Writes the data of examples/prefer.yaml: a word, how it is pronounced, and a pronunciation with one sound exchanged.
 *
 *     node examples/prefer/prepare.mjs
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { dictionary } from 'cmu-pronouncing-dictionary';

const FOLDER = fileURLToPath(new URL('data', import.meta.url));
const HELD_OUT = 256;
const PAIRS = 2000;
const SEED = 'pawl/prefer/1';

/** Writes train.jsonl and heldout.jsonl unless they are what this script would write. */
export function prepare() {
  const words = Object.keys(dictionary).filter((word) => /^[a-z]{3,9}$/.test(word));
  const shuffled = words.map((word) => [digest(word), word]).sort(([a], [b]) => (a < b ? -1 : 1));
  const chosen = shuffled.slice(0, HELD_OUT + PAIRS).map(([hash, word]) => ({ hash, word, sounds: phonemes(word) }));
  const sounds = [...new Set(chosen.flatMap((row) => row.sounds))].sort();
  const pairs = chosen.map((row) => ({
    prompt: `${row.word.split('').join(' ')} =`,
    chosen: row.sounds.join(' '),
    rejected: exchanged(row, sounds).join(' '),
  }));
  mkdirSync(FOLDER, { recursive: true });
  writeIfChanged('heldout.jsonl', pairs.slice(0, HELD_OUT));
  writeIfChanged('train.jsonl', pairs.slice(HELD_OUT));
}

/** One sound becomes another one: which, and where, follows from the word's hash. */
function exchanged({ hash, sounds: said }, sounds) {
  const at = Number.parseInt(hash.slice(8, 16), 16) % said.length;
  const others = sounds.filter((sound) => sound !== said[at]);
  return said.with(at, others[Number.parseInt(hash.slice(16, 24), 16) % others.length]);
}

/** "HH AH0 L OW1" → HH, AH, L, OW: stress is not asked for, and what follows a # is a remark on the word's origin. */
function phonemes(word) {
  return dictionary[word]
    .replace(/\s*#.*$/, '')
    .replaceAll(/\d/g, '')
    .split(' ');
}

function digest(word) {
  return createHash('sha256').update(`${SEED}/${word}`).digest('hex');
}

function writeIfChanged(name, rows) {
  const file = join(FOLDER, name);
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  writeFileSync(`${file}.part`, text);
  renameSync(`${file}.part`, file);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) prepare();
