/** Which tokens are trained on, against transformers and TRL (record.py made recorded.json). */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadTokenizer } from '../../../activities/data/tokenizer.ts';
import { newFolder } from '../fixtures.ts';
import { imported } from '../imported.ts';

interface Case {
  readonly kind: 'completion' | 'generation';
  readonly template: string;
  readonly talk: string;
  readonly ids: readonly number[];
  readonly mask: readonly number[];
  /** As it is asked for. */
  readonly prompt?: readonly number[];
}
const { tokenizer, templates, talks, cases } = JSON.parse(readFileSync(join(__dirname, 'recorded.json'), 'utf8')) as {
  tokenizer: object;
  templates: Record<string, string>;
  talks: Record<string, unknown>;
  cases: Case[];
};

async function made({ kind, template, talk }: Case): Promise<{ ids: number[]; mask: number[] }> {
  const folder = await newFolder();
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(folder, 'chat_template.jinja'), templates[template] ?? '');
  const trainOn = kind === 'completion' ? 'last-assistant' : 'all-assistant';
  const { examples } = await imported(folder, [{ messages: talks[talk] }], { maxTokens: 500, trainOn });
  const [{ tokens, trained } = { tokens: [], trained: [] }] = examples;
  const mask = tokens.map(() => 0);
  for (let piece = 0; piece < trained.length; piece += 2) mask.fill(1, trained[piece], trained[piece + 1]);
  return { ids: tokens, mask };
}

/**
 * Where a token of the whole reaches across the beginning of the answer, TRL trains on a context that the model never
 * sees (and warns of it). Here the prompt's ids are those that are asked, and the text is the same.
 */
const reachesAcross = ({ kind, template, talk }: Case): boolean =>
  kind === 'completion' &&
  (template === 'trimmed' ? talk !== 'reasoning' : template === 'opens reasoning' && talk === 'reasoning');

test.each(cases.filter((recorded) => !reachesAcross(recorded)))('$kind: $template, $talk', async (recorded) => {
  const { ids, mask } = await made(recorded);
  // What follows the last turn that is trained on is left out here: it teaches nothing.
  expect(ids).toEqual(recorded.ids.slice(0, ids.length));
  expect(mask).toEqual(recorded.mask.slice(0, ids.length));
  expect(recorded.mask.slice(ids.length).every((trained) => trained === 0)).toBe(true);
});

test.each(cases.filter(reachesAcross))('as it is asked: $template, $talk', async (recorded) => {
  const { ids, mask } = await made(recorded);
  const path = join(await newFolder(), 'tokenizer.json');
  await writeFile(path, JSON.stringify(tokenizer));
  const own = await loadTokenizer(path);
  const write = (tokens: readonly number[]): string => own.write(tokens);
  expect(write(ids)).toBe(write(recorded.ids));
  const begin = mask.indexOf(1);
  expect(mask.slice(begin)).toEqual(recorded.ids.slice(0, ids.length - begin).map(() => 1));
  if (recorded.template === 'trimmed') expect(ids.slice(0, begin)).toEqual(recorded.prompt);
  else expect(write(ids.slice(0, begin))).toMatch(/<start>assistant\n$/);
});
