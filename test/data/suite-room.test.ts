/** What of the context is left to prompts, and which are refused for want of it. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openStore } from '../../store/index.ts';
import { openArtifacts } from '../../store/artifacts/artifacts.ts';
import { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import { loadTokenizer } from '../../activities/data/tokenizer.ts';
import { roomFor, suiteNotes, type SuiteNote } from '../../activities/run/suite-notes.ts';
import { pinPromptSet } from '../../activities/upkeep/prompts.ts';
import { testPool } from '../compute/pool.ts';
import { newFolder, writeRows, writeTokenizer } from './fixtures.ts';

const compute = testPool();
const { signal } = new AbortController();
const suite = (changes: object = {}): SuiteSpec => SuiteSpec.parse({ prompts: 'p.jsonl', maxTokens: 3, ...changes });

test('the longest answer that is asked for must fit, if it ever could', () => {
  expect(roomFor(suite(), 8)).toEqual({ maxTokens: 5, answerTokens: 3 });
  expect(roomFor(suite({ maxTokens: 8 }), 8)).toEqual({ maxTokens: 7, answerTokens: 1 });
  expect(roomFor(suite({ grader: 'perplexity' }), 8)).toEqual({ maxTokens: 7, answerTokens: 1 });
  expect(roomFor(suite(), Infinity).maxTokens).toBe(Infinity);
});

describe('a prompt that leaves less', () => {
  const rows = [
    { prompt: 'a b ->', reference: 'A' },
    { prompt: 'a b a b c ->', reference: 'A' },
  ];

  test('is refused with its line, or its number in a set that was added before', async () => {
    const folder = await newFolder();
    const path = await writeRows(folder, rows);
    const tokenizer = await writeTokenizer(folder);
    const artifacts = openArtifacts(folder);
    const store = await openStore({ path: join(folder, 'pawl.db') });
    const ports = { artifacts, compute, store };
    const asked = { tokenizer: (await loadTokenizer(tokenizer)).hash, chat: { tokenizer, remedy: 'give one' } };
    const pin = async (reference: Parameters<typeof pinPromptSet>[1]['reference'], contextTokens: number) =>
      pinPromptSet(ports, { ...asked, reference, ...roomFor(suite(), contextTokens) }, signal);

    const why =
      '6 tokens, and the model’s context has room for 5 and an answer of 3 (evaluate.maxTokens); shorten it, lower maxTokens, or choose a shape with a longer context';
    await expect(pin({ kind: 'file', path }, 8)).rejects.toThrow(`rows.jsonl:2: prompt has ${why}`);
    const { hash } = await pin({ kind: 'file', path }, 9);
    const again = pin({ kind: 'hash', hash: hash.slice(0, 12) }, 8);
    await expect(again).rejects.toThrow(`has a prompt (number 2) of ${why}`);
    await store.close();
  });
});

test('where no prompt would leave room for the longest answer, that is told', async () => {
  const folder = await newFolder();
  const tokenizer = await writeTokenizer(folder);
  const spec = suite({ maxTokens: 256, grader: { module: 'own.mjs' } });
  const model = { chat: { tokenizer }, contextTokens: 32, signal };
  const notes: SuiteNote[] = [];
  const ports = { artifacts: openArtifacts(folder), compute };
  for await (const note of suiteNotes(ports, { name: 'further', spec, promptSet: '', model })) notes.push(note);
  expect(notes).toEqual([
    {
      key: 'room/further',
      level: 'info',
      message:
        'maxTokens (256) of suite further is more than the model’s context (32) has room for: answers end where the context does',
    },
  ]);
});
