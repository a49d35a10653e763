/**
 * Writes the data of examples/prefer.yaml: a word, and two right pronunciations of it. The one as in London is preferred,
 * where an R is only said if a vowel follows; the other one is that of the CMU Pronouncing Dictionary.
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

const VOWELS = new Set(['AA', 'AE', 'AH', 'AO', 'AW', 'AY', 'EH', 'ER', 'EY', 'IH', 'IY', 'OW', 'OY', 'UH', 'UW']);

/** Writes train.jsonl, labelled.jsonl and heldout.jsonl unless they are what this script would write. */
export function prepare() {
  const words = Object.keys(dictionary).filter((word) => /^[a-z]{3,9}$/.test(word));
  const shuffled = words.map((word) => [digest(word), word]).sort(([a], [b]) => (a < b ? -1 : 1));
  const pairs = shuffled.map(([, word]) => pairOf(word)).filter(({ chosen, rejected }) => chosen !== rejected);
  const [heldOut, train] = [pairs.slice(0, HELD_OUT), pairs.slice(HELD_OUT, HELD_OUT + PAIRS)];
  mkdirSync(FOLDER, { recursive: true });
  writeIfChanged('heldout.jsonl', heldOut);
  writeIfChanged('train.jsonl', train);
  writeIfChanged('labelled.jsonl', train.flatMap(labelled));
}

function pairOf(word) {
  const sounds = phonemes(word);
  return { prompt: `${word.split('').join(' ')} =`, chosen: asInLondon(sounds).join(' '), rejected: sounds.join(' ') };
}

/** The same as two answers, each with a label: what KTO learns from. */
function labelled({ prompt, chosen, rejected }) {
  return [
    { prompt, completion: chosen, label: true },
    { prompt, completion: rejected, label: false },
  ];
}

/** "S P EH R D" → S, P, EH, D; "F L AW ER IY" → F, L, AW, AH, R, IY. */
function asInLondon(said) {
  return said.flatMap((sound, at) => {
    const vowelFollows = VOWELS.has(said[at + 1]);
    if (sound === 'ER') return vowelFollows ? ['AH', 'R'] : ['AH'];
    return sound === 'R' && !vowelFollows ? [] : [sound];
  });
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
