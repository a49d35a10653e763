/** Answers to read: from a real store and a real prompt set, a page at a time. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { importPromptSet } from '../../activities/data/prompt-set.ts';
import { loadTokenizer } from '../../activities/data/tokenizer.ts';
import { colours } from '../../client/cli/render/colours.ts';
import { samplesReport } from '../../client/cli/render/samples.ts';
import { readSamples, type Samples, type SamplesRequest } from '../../client/serving/samples.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { promptScores } from '../../domain/decide/statistics/prompt-scores.ts';
import type { SampleRecord } from '../../domain/words/samples.ts';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { newFolder as dataFolder, writeRows, writeTokenizer } from '../data/fixtures.ts';
import { checkpoint, newFolder, newRun, PLAN, scored } from '../store/fixtures.ts';
import { openWatched, rowsOf, scansOf, type Watched } from '../store/statements.ts';

const PROMPTS = 700;
const LETTERS = ['a', 'b', 'c'];
const asked = (index: number): string => `${'a '.repeat(Math.floor(index / 3) + 1)}${LETTERS[index % 3] ?? ''} ->`;

let path: string;
let watched: Watched;
let artifacts: Artifacts;
let hashes: string[];

/** Every seventh answer is wrong, every eleventh cut; the 500th is missing. */
function sample(index: number, right: (index: number) => boolean): SampleRecord {
  const key = { promptIndex: index, sampleIndex: 0, promptHash: hashes[index] ?? '', promptTokens: 4 };
  if (index === 500) return { kind: 'missing', ...key, error: 'the replica was gone' };
  const good = right(index);
  const text = good ? ` ${asked(index).toUpperCase()}` : ' no idea';
  const finishReason = index % 11 === 0 ? 'length' : 'stop';
  return { kind: 'produced', ...key, tokens: [1, 2], text, finishReason, latencyMs: 1, score: good ? 1 : 0 };
}

async function evaluated(step: number, promptSet: string, right: (index: number) => boolean): Promise<void> {
  const { store } = watched;
  const id = `r/step-${step}`;
  const samples = Array.from({ length: PROMPTS }, (_, index) => sample(index, right));
  for (const one of samples) await store.saveSample(id, one);
  const evaluation: Evaluation = { ...scored(step, 1), id, promptSet, checkpoint: `step-${step}` };
  await store.saveCheckpoint('r', checkpoint(step));
  const derived = { scores: promptScores(samples, {}), comparisons: {} };
  await store.saveEvaluation('r', { kind: 'scored', ...evaluation }, derived);
}

beforeAll(async () => {
  const folder = await dataFolder();
  artifacts = openArtifacts(join(folder, 'artifacts'));
  const tokenizer = await loadTokenizer(await writeTokenizer(folder));
  const rows = Array.from({ length: PROMPTS }, (_, index) => ({
    prompt: asked(index),
    reference: asked(index).toUpperCase(),
  }));
  const chat = { tokenizer: '', remedy: '' };
  const set = await importPromptSet(artifacts, {
    path: await writeRows(folder, rows),
    tokenizer,
    chat,
    maxTokens: 1e6,
  });
  hashes = rows.map((_, index) => `hash-${index}`);
  path = join(await newFolder(), 'pawl.db');
  watched = await openWatched(path);
  await watched.store.saveRun(newRun('r'));
  await watched.store.updateRun('r', { phase: 'train', step: 20, generation: 1, plan: PLAN });
  await evaluated(10, set.hash, (index) => index % 5 !== 0);
  await evaluated(20, set.hash, (index) => index % 7 !== 0);
}, 600_000);

async function read(request: Partial<SamplesRequest> = {}): Promise<Samples> {
  const resolve = async (run: string): Promise<string> => run;
  return readSamples({ reader: watched.store, artifacts, resolve }, { of: 'r@20', ...request });
}

const numbers = ({ prompts }: Samples): number[] => prompts.map(({ number }) => number);

describe('answers', () => {
  test('stand with their prompt and reference, in order, page by page', async () => {
    const first = await read({ limit: 3 });
    expect(first.prompts[1]).toEqual({
      number: 2,
      prompt: 'a b ->',
      reference: 'A B ->',
      answers: [
        { promptIndex: 1, sampleIndex: 0, promptHash: 'hash-1', text: ' A B ->', finishReason: 'stop', score: 1 },
      ],
    });
    expect([numbers(first), first.next]).toEqual([[1, 2, 3], 3]);
    const second = await read({ limit: 3, after: 3 });
    expect([numbers(second), second.next]).toEqual([[4, 5, 6], 6]);
    const last = await read({ after: PROMPTS - 2 });
    expect([numbers(last), last.next]).toEqual([[PROMPTS - 1, PROMPTS], undefined]);
  });

  test('that failed are those that are not wholly right, or missing', async () => {
    const failed = await read({ failed: true, limit: PROMPTS });
    const wanted = Array.from({ length: PROMPTS }, (_, index) => index + 1).filter(
      (number) => (number - 1) % 7 === 0 || number === 501,
    );
    expect(numbers(failed)).toEqual(wanted);
    expect(failed.prompts.find(({ number }) => number === 501)?.answers).toEqual([
      { promptIndex: 500, sampleIndex: 0, promptHash: 'hash-500', error: 'the replica was gone' },
    ]);
  });

  test('are compared with those of another checkpoint, to the same prompts', async () => {
    const worse = await read({ beside: 'r@10', worse: true, limit: PROMPTS });
    // Wrong now, and right before; the missing one has no score on either side.
    const wanted = Array.from({ length: PROMPTS }, (_, index) => index).filter(
      (index) => index % 7 === 0 && index % 5 !== 0 && index !== 500,
    );
    expect(numbers(worse)).toEqual(wanted.map((index) => index + 1));
    for (const { answers, beside } of worse.prompts) expect([answers[0]?.score, beside?.[0]?.score]).toEqual([0, 1]);
    const beside = await read({ beside: 'r@10', limit: 2 });
    expect(beside.prompts.map((prompt) => prompt.beside?.map(({ score }) => score))).toEqual([[0], [1]]);
  });

  test('are found by a pattern in prompt, answer or reference', async () => {
    expect(numbers(await read({ grep: '^a c ->$' }))).toEqual([3]);
    expect(numbers(await read({ grep: 'NO IDEA', limit: 3 }))).toEqual([1, 8, 15]);
    await expect(read({ grep: '(' })).rejects.toThrow(/--grep \(: not a regular expression\. .*backslash/);
  });

  test('are counted by how they ended', async () => {
    const { of } = await read({ limit: 1 });
    expect(of.endings).toEqual({ stop: PROMPTS - 64 - 1, length: 64, missing: 1 });
  });

  test('are read without their prompts where the set is gone', async () => {
    const resolve = async (run: string): Promise<string> => run;
    const ports = { reader: watched.store, artifacts: undefined, resolve };
    const { prompts } = await readSamples(ports, { of: 'r@20', limit: 2 });
    expect(prompts.map(({ number, prompt }) => [number, prompt])).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
  });
});

test('a page is found by an index, and little beside it is read', async () => {
  const questions: ((store: Watched['store']) => Promise<unknown>)[] = [
    async (store) => store.answers('r/step-20', { limit: 50, after: { promptIndex: 300, sampleIndex: 0 } }),
    async (store) => store.answers('r/step-20', { limit: 50, failed: true }),
    async (store) => store.answers('r/step-20', { limit: 50, prompts: [3, 600] }),
    async (store) => store.promptNumbers('r/step-20'),
    async (store) => store.endings('r/step-20'),
  ];
  for (const ask of questions) expect(scansOf(path, await watched.during(ask))).toEqual([]);
  expect(rowsOf(path, await watched.during(questions[0] ?? (async () => [])))).toBe(50);
});

describe('as text', () => {
  const look = { colours: colours(false), width: 80, full: false };

  test('each is told right or wrong without colours, cut ones too, one checkpoint below the other', async () => {
    const text = samplesReport(await read({ limit: 1, beside: 'r@10' }), look);
    expect(text).toContain(
      [
        'prompt 1',
        '  prompt    │ a a ->',
        '  reference │ A A ->',
        '  step 20   │  no idea',
        '            │ ✗ wrong, cut by maxTokens',
        '  step 10   │  no idea',
        '            │ ✗ wrong, cut by maxTokens',
      ].join('\n'),
    );
    expect(text).toMatch(/699 answers, 64 cut by maxTokens.* \(9\.2 %\), 1 missing/);
  });

  test('a missing one says why; where none is found, that', async () => {
    const missing = await read({ failed: true, after: 500, limit: 1 });
    expect(samplesReport(missing, look)).toContain('answer    │ missing: no score, the replica was gone');
    expect(samplesReport(await read({ grep: 'zebra' }), look)).toContain('No answer is like that.');
  });
});
