import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { loadExperiment } from '../../files/experiment/experiment-file.ts';
import { experimentOf, type ImportOptions } from '../../client/import/experiment-of.ts';
import { readManagedJob } from '../../client/import/managed-job.ts';
import { packageRoot } from '../../client/local/paths.ts';

/** As the platform's list call gives them: what was not said is empty, zero, false, or unspecified. */
const SFT = {
  name: 'accounts/acme/supervisedFineTuningJobs/sft-7',
  displayName: 'Support answers, v2',
  createTime: '2026-10-01T09:00:00Z',
  state: 'JOB_STATE_COMPLETED',
  status: { code: 'OK', message: '' },
  createdBy: 'somebody@acme.example',
  dataset: 'accounts/acme/datasets/tickets',
  evaluationDataset: '',
  evalAutoCarveout: true,
  outputModel: 'accounts/acme/models/support-v2',
  baseModel: 'accounts/fireworks/models/qwen3-8b',
  warmStartFrom: '',
  jinjaTemplate: '{{ messages }}',
  earlyStop: true,
  epochs: 3,
  learningRate: 0.0002,
  maxContextLength: 4096,
  loraRank: 16,
  batchSize: 65536,
  batchSizeSamples: 0,
  gradientAccumulationSteps: 1,
  learningRateWarmupSteps: 10,
  optimizerWeightDecay: 0.01,
  region: 'REGION_UNSPECIFIED',
  isTurbo: false,
  mtpEnabled: true,
  nodes: 0,
  jobProgress: { percent: 100 },
};
const DPO = {
  name: 'accounts/acme/dpoJobs/polite',
  dataset: 'accounts/acme/datasets/pairs',
  trainingConfig: {
    baseModel: 'accounts/fireworks/models/qwen3-8b',
    batchSizeSamples: 4,
    learningRate: 1e-5,
    loraRank: 8,
  },
  lossConfig: { method: 'DPO', klBeta: 0.2 },
};
const OPENAI = {
  id: 'ftjob-abc',
  object: 'fine_tuning.job',
  model: 'gpt-4o-mini-2024-07-18',
  training_file: 'file-train',
  validation_file: 'file-valid',
  suffix: 'Polite',
  seed: 42,
  trained_tokens: 5,
  method: {
    type: 'supervised',
    supervised: { hyperparameters: { n_epochs: 2, batch_size: 'auto', learning_rate_multiplier: 2 } },
  },
};

const KNOWN: ImportOptions = {
  shape: 'accounts/fireworks/trainingShapes/ts-pawl-nano',
  tokenizer: join(packageRoot(), 'sandbox/models/tokenizer.json'),
  data: 'train.jsonl',
  prompts: 'heldout.jsonl',
};

function imported(job: unknown, options: ImportOptions = {}, wanted?: string) {
  const found = experimentOf(readManagedJob(JSON.stringify(job), wanted), options);
  return { ...found, document: parse(found.yaml) as Record<string, unknown> };
}

describe('a managed job', () => {
  test('of supervised rows becomes the experiment that does the same', () => {
    const { document, template, notes } = imported({ supervisedFineTuningJobs: [SFT], nextPageToken: '' });
    expect(document).toEqual({
      name: 'support-answers-v2',
      model: { shape: 'FILL-IN', base: 'accounts/fireworks/models/qwen3-8b', tokenizer: 'FILL-IN', lora: { rank: 16 } },
      data: {
        train: 'tickets.jsonl',
        chatTemplate: 'support-answers-v2.jinja',
        maxTokens: 4096,
        batchByTokens: 65536,
        holdout: 0.02,
      },
      train: {
        epochs: 3,
        optimizer: { learningRate: 0.0002, weightDecay: 0.01 },
        schedule: { kind: 'constant', warmupSteps: 10 },
      },
      checkpoint: { every: 50 },
      evaluate: { prompts: 'FILL-IN' },
      policy: { suite: 'validation-loss', direction: 'minimize', patience: 3 },
      promotion: { alias: 'support-answers-v2', model: 'support-answers-v2' },
    });
    expect(template).toEqual({ file: 'support-answers-v2.jinja', content: '{{ messages }}' });
    const told = notes.map((note) => note.split(':')[0]);
    // Nothing that says nothing is spoken of.
    expect(told).toEqual([
      'model.shape',
      'model.tokenizer',
      'evaluate.prompts',
      'data.train',
      'data.holdout',
      'policy.suite',
      'data.batchByTokens',
      'data.maxTokens',
      'mtpEnabled',
    ]);
    expect(notes.join('\n')).toContain('the job packed rows up to 65536 tokens as they came');
  });

  test('of preference pairs keeps its loss and its numbers', () => {
    const { document } = imported({ dpoJobs: [DPO] });
    expect(document).toMatchObject({
      name: 'polite',
      loop: 'preference',
      train: { epochs: 1, batchSize: 4, optimizer: { learningRate: 1e-5 }, preference: { loss: 'dpo', beta: 0.2 } },
      evaluate: { grader: 'preference_accuracy' },
    });
    const orpo = imported({ ...DPO, lossConfig: { method: 'ORPO', klBeta: 0.2 } });
    expect(orpo.document).toMatchObject({ train: { preference: { loss: 'orpo' } } });
    expect(orpo.notes.join('\n')).toContain('lossConfig.klBeta 0.2: ORPO has no such number');
  });

  test('of OpenAI tells what only OpenAI knows', () => {
    const { document, notes } = imported({ object: 'list', data: [OPENAI] });
    expect(document).toMatchObject({
      name: 'polite',
      model: { shape: 'FILL-IN' },
      data: { train: 'file-train.jsonl' },
      train: { epochs: 2, batchSize: 8, seed: 42 },
      evaluate: { loss: { data: 'file-valid.jsonl' } },
    });
    expect(document['model']).not.toHaveProperty('base');
    expect(notes.join('\n')).toContain('2 times a rate that the service does not tell');
    expect(notes.join('\n')).toContain('gpt-4o-mini-2024-07-18 is not a model of the platform');
  });

  test.each([
    ['supervised', SFT],
    ['preference', DPO],
    ['supervised', OPENAI],
  ])('with all that it does not say is an experiment that loads: %s', async (loop, job) => {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-import-'));
    const { yaml, template } = imported(job, KNOWN);
    const path = join(folder, 'experiment.yaml');
    writeFileSync(path, yaml);
    if (template !== undefined) writeFileSync(join(folder, template.file), template.content);
    const row = { prompt: 'a', completion: 'b', chosen: 'b', rejected: 'c', reference: 'b' };
    for (const file of ['train.jsonl', 'heldout.jsonl', 'file-valid.jsonl']) {
      writeFileSync(join(folder, file), `${JSON.stringify(row)}\n`);
    }
    expect(readFileSync(path, 'utf8')).not.toContain('FILL-IN');
    expect((await loadExperiment(path)).loop ?? 'supervised').toBe(loop);
  });

  test('with something to fill in is refused by the field', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-import-'));
    const path = join(folder, 'experiment.yaml');
    writeFileSync(path, imported(DPO).yaml);
    await expect(loadExperiment(path)).rejects.toThrow(
      /model\.shape: the text "FILL-IN" is not allowed here: use accounts/,
    );
  });

  test('whose names go over several lines says nothing but what they are', () => {
    const dataset = 'accounts/acme/datasets/x\npython: {interpreter: /bin/sh}\n#\u202e';
    const { yaml, document } = imported({ ...SFT, dataset, 'a\nbudget: {maxCost: 1}': 'x' }, KNOWN);
    expect(Object.keys(document)).toEqual(Object.keys(imported(SFT, KNOWN).document));
    expect(yaml).toContain('# a budget: {maxCost: 1}: nothing here corresponds to it.');
    const asked = imported({ ...SFT, dataset })
      .yaml.split('\n')
      .filter((line) => line.startsWith('# data.train'));
    expect(asked).toEqual([expect.stringContaining('x python: {interpreter: /bin/sh} #\\u202e')]);
  });

  test('is chosen by its name where there are several', () => {
    const two = {
      supervisedFineTuningJobs: [SFT, { ...SFT, name: 'accounts/acme/supervisedFineTuningJobs/sft-8', epochs: 7 }],
    };
    expect(() => imported(two)).toThrow('The file has 2 jobs: sft-7, sft-8. Choose one with --job.');
    expect(imported(two, {}, 'sft-8').document).toMatchObject({ train: { epochs: 7 } });
    expect(() => imported(two, {}, 'sft-9')).toThrow('The file has no job sft-9. It has sft-7, sft-8.');
  });

  test.each([
    ['no JSON', 'The file is not JSON'],
    ['[]', 'The file has no job in it'],
    ['{"epochs": 3}', 'no job of a kind that is known'],
    [JSON.stringify({ ...SFT, epochs: 'many' }), 'The job’s field epochs cannot be read'],
    [
      JSON.stringify({ ...OPENAI, method: { type: 'reinforcement' } }),
      'method.type reinforcement is none that pawl trains',
    ],
    [JSON.stringify({ ...DPO, lossConfig: { method: 'GRPO' } }), 'lossConfig.method GRPO is none of preference pairs'],
  ])('that is none is refused: %s', (content, message) => {
    expect(() => readManagedJob(content)).toThrow(message);
  });
});
