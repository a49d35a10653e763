/** One letter in several forms: compared in one, where the experiment says so, and told where no answer could be the reference. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { importPromptSet } from '../../activities/data/prompt-set.ts';
import { loadTokenizer } from '../../activities/data/tokenizer.ts';
import { graderHash } from '../../activities/grading/graders.ts';
import { inNormalForm, type NormalForm } from '../../activities/grading/normal-form.ts';
import { unreachable, type Unreachable } from '../../activities/grading/reachable.ts';
import { textGrader, type TextGraderSpec } from '../../activities/grading/text-graders.ts';
import { newFolder, writeRows } from '../data/fixtures.ts';
import { SPEC } from '../store/fixtures.ts';

/** é as one character, and as e with an accent. */
const COMPOSED = 'caf\u00e9';
const DECOMPOSED = 'cafe\u0301';
const about = { prompt: 'a', id: '1', signal: new AbortController().signal };

describe('answers are compared', () => {
  test.each<[NormalForm, number]>([
    [undefined, 0],
    ['none', 0],
    ['nfc', 1],
  ])('in the form %s: %d', (form, expected) => {
    const grader = inNormalForm(textGrader('exact_match'), form);
    expect(grader.score(DECOMPOSED, COMPOSED, about)).toBe(expected);
    expect(grader.score(COMPOSED, DECOMPOSED, about)).toBe(expected);
  });

  test('and references looked at in it', async () => {
    const seen: string[] = [];
    const grader = inNormalForm(
      {
        binary: true,
        firstRefused: async (references) => {
          seen.push(...references);
          return { index: 0, why: 'no' };
        },
        score: () => 1,
      },
      'nfc',
    );
    expect(await grader.firstRefused?.([DECOMPOSED], about.signal)).toEqual({ index: 0, why: 'no' });
    expect(seen).toEqual([COMPOSED]);
  });

  test('which makes another grader of it, unless it is none', () => {
    const plain = graderHash('exact_match', undefined);
    expect(graderHash('exact_match', undefined, { normalize: 'none' })).toBe(plain);
    expect(graderHash('exact_match', undefined, { normalize: 'nfc' })).not.toBe(plain);
    const spec = RunSpec.parse({ ...SPEC, evaluate: { ...SPEC.evaluate, normalize: 'nfc' } });
    expect(spec.evaluate.normalize).toBe('nfc');
    expect(() => RunSpec.parse({ ...SPEC, evaluate: { ...SPEC.evaluate, normalize: 'nfkc' } })).toThrow('use nfc');
  });
});

interface Search {
  readonly references: readonly string[];
  readonly normalizer: object | null;
  readonly grader?: TextGraderSpec;
  readonly normalize?: NormalForm;
}

/** Of a tokenizer of whole words, some of them with an accent. */
async function found({
  references,
  normalizer,
  grader = 'exact_match',
  normalize,
}: Search): Promise<Unreachable | undefined> {
  const folder = await newFolder();
  const words = ['<unk>', 'ask', COMPOSED, DECOMPOSED, 'Tea', 'tea', 'B', 'b', '7'];
  const file = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordLevel', vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: '<unk>' },
  };
  const path = join(folder, 'tokenizer.json');
  await writeFile(path, JSON.stringify(file));
  const rows = await writeRows(
    folder,
    references.map((reference) => ({ prompt: 'ask', reference })),
  );
  const chat = { tokenizer: path, remedy: 'give one' };
  const asked = { path: rows, tokenizer: await loadTokenizer(path), chat, maxTokens: 9 };
  const { hash } = await importPromptSet(openArtifacts(folder), asked);
  return unreachable({ folder, promptSet: hash, tokenizer: path, grader, normalize });
}

describe('references that no answer can be', () => {
  const NFC = { type: 'NFC' };
  const LOWER = { type: 'Lowercase' };

  test('are in another form than the tokenizer writes', async () => {
    const references = ['tea', DECOMPOSED, `${DECOMPOSED} tea`, COMPOSED];
    expect(await found({ references, normalizer: NFC })).toEqual({
      count: 2,
      of: 4,
      first: { number: 2, reference: DECOMPOSED, written: COMPOSED },
      inNfc: 0,
    });
    expect(await found({ references, normalizer: NFC, normalize: 'nfc' })).toBeUndefined();
    expect(await found({ references, normalizer: null })).toBeUndefined();
  });

  test('or in another case, or hold what it does not know', async () => {
    expect(await found({ references: ['Tea', 'tea'], normalizer: LOWER })).toMatchObject({ count: 1, inNfc: 1 });
    expect(await found({ references: ['coffee'], normalizer: null })).toMatchObject({
      first: { number: 1, written: '<unk>' },
    });
  });

  test('unless the grader does not mind', async () => {
    const loose: TextGraderSpec = { name: 'contains', ignoreCase: true };
    expect(await found({ references: ['Tea'], normalizer: LOWER, grader: loose })).toBeUndefined();
    expect(await found({ references: ['B'], normalizer: LOWER, grader: 'multiple_choice' })).toBeUndefined();
    expect(await found({ references: ['7'], normalizer: LOWER, grader: 'numeric' })).toBeUndefined();
  });

  test('and what is no answer itself, such as a pattern, is none of them', async () => {
    expect(await found({ references: ['^T+ea$'], normalizer: LOWER, grader: 'regex' })).toBeUndefined();
    const schema = '{"type":"object"}';
    expect(await found({ references: [schema], normalizer: LOWER, grader: 'json_schema' })).toBeUndefined();
  });
});
