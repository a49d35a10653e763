/** Records that the store's tests write. */
import { afterAll } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewRun, ProducedSample, ScoredEvaluation, StepNumbers } from '../../store/index.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { StepMetrics } from '../../domain/words/training.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A folder that is removed after the tests of this file. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pawl-store-'));
  folders.push(folder);
  return folder;
}

export const SPEC = RunSpec.parse({
  name: 'speller',
  model: { shape: 'accounts/a/trainingShapes/tiny', tokenizer: 'tokenizer.json' },
  data: { train: 'train.jsonl' },
  train: { steps: 40, batchSize: 8, optimizer: { learningRate: 1e-3 } },
  checkpoint: { every: 20 },
  evaluate: { prompts: 'prompts.jsonl' },
});

export const PLAN: Plan = {
  platform: 'sandbox:a',
  account: 'a',
  shape: {
    reference: 'accounts/a/trainingShapes/tiny/versions/1',
    baseModel: 'accounts/a/models/tiny',
    maxContextTokens: 128,
    acceleratorType: 'CPU',
    acceleratorCount: 1,
    deploymentShape: 'accounts/a/deploymentShapes/tiny',
  },
  baseModel: 'accounts/a/models/tiny',
  dataset: 'd'.repeat(64),
  examples: 100,
  examplesDropped: 2,
  promptSet: 'e'.repeat(64),
  prompts: 10,
  chunksPerStep: 1,
  requestsPerStep: 2,
  costPerHour: 0,
};

export function newRun(runId: string, createdAt = '2026-01-02T03:04:05.000Z', name = 'speller'): NewRun {
  return { runId, name, spec: SPEC, createdAt };
}

/** Of these steps, the numbers in columns. */
export function numbersOf(steps: readonly StepMetrics[]): StepNumbers {
  const column = (of: (row: StepMetrics) => number): Float64Array => Float64Array.from(steps, of);
  return {
    step: column(({ step }) => step),
    lossMean: column(({ lossMean }) => lossMean),
    tokens: column(({ tokens }) => tokens),
    seconds: column(({ seconds }) => seconds),
  };
}

export function metrics(step: number, change: Partial<StepMetrics> = {}): StepMetrics {
  return { step, generation: 1, lossMean: 2 / step, learningRate: 1e-3, tokens: 64, seconds: 0.25, ...change };
}

export function checkpoint(step: number, change: Partial<Checkpoint> = {}): Checkpoint {
  return {
    name: `step-${step}`,
    step,
    generation: 1,
    statePath: `tinker://model/weights/step-${step}`,
    snapshotType: 'base',
    identity: `snapshot-${step}`,
    ...change,
  };
}

export function scored(step: number, attempt: number, change: Partial<ScoredEvaluation> = {}): ScoredEvaluation {
  return {
    kind: 'scored',
    id: `run/step-${step}/a${attempt}`,
    checkpoint: `step-${step}`,
    step,
    identity: `snapshot-${step}`,
    promptSet: 'e'.repeat(64),
    metric: 'exact_match',
    score: 0.5,
    low: 0.25,
    high: 0.75,
    samples: 10,
    missing: 1,
    ...change,
  };
}

export function produced(promptIndex: number, change: Partial<ProducedSample> = {}): ProducedSample {
  return {
    kind: 'produced',
    promptIndex,
    sampleIndex: 0,
    promptHash: 'f'.repeat(64),
    promptTokens: 7,
    tokens: [5, 6, 7],
    text: 'S P EH L',
    finishReason: 'stop',
    meanLogprob: -0.25,
    score: 1,
    latencyMs: 12.5,
    servedIdentity: 'snapshot-20',
    ...change,
  };
}
