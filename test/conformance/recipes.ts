/** Whole runs of pawl on the data of the vendor's recipes: the same texts, in the same order, to the same losses. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import { batchIndices } from '../../activities/data/batches.ts';
import { DisturbedStack } from '../../chaos/stack.ts';
import { loadExperiment } from '../../client/index.ts';
import { packageRoot } from '../../client/local/paths.ts';
import { isOver } from '../../client/runs/run-view.ts';
import type { Check } from './check.ts';
import { Adam } from './flow.ts';

const Job = z.object({
  shape: z.string(),
  referenceShape: z.string(),
  baseModel: z.string(),
  steps: z.int(),
  batchSize: z.int(),
  seed: z.int(),
  adam: Adam,
  beta: z.number(),
  lambda: z.number(),
  rows: z.array(z.object({ prompt: z.string(), completion: z.string() })),
  pairs: z.array(z.object({ prompt: z.string(), chosen: z.string(), rejected: z.string() })),
});
type Job = z.output<typeof Job>;

export function readJob(file: string): Job {
  return Job.parse(JSON.parse(readFileSync(file, 'utf8')));
}

const TOKENIZER = join(packageRoot(), 'sandbox', 'models', 'tokenizer.json');

/** What the recipes read: the job, the vocabulary, and which examples each step takes. */
export function writeJob(job: Job, path: string): void {
  const order = (examples: number): number[][] =>
    Array.from({ length: job.steps }, (_, index) =>
      batchIndices({ examples, batchSize: job.batchSize, seed: job.seed, step: index + 1 }),
    );
  const orders = { rowOrder: order(job.rows.length), pairOrder: order(job.pairs.length) };
  writeFileSync(path, JSON.stringify({ ...job, ...orders, tokenizer: TOKENIZER }));
}

/** The spec of each recipe, by the name that the recipe has. */
function experiments(job: Job): Record<string, Record<string, unknown>> {
  const supervised = { data: 'rows.jsonl' };
  const preference = (settings: object) => ({
    data: 'pairs.jsonl',
    loop: 'preference',
    train: { preference: settings },
  });
  const found: Record<string, { data: string; loop?: string; train?: object }> = {
    // Each example counts the same, as in the recipe of today; by default each token does.
    'sft-by-example': { ...supervised, train: { objective: { name: 'sequence_mean' } } },
    'sft-by-token': supervised,
    dpo: preference({ loss: 'dpo', beta: job.beta }),
    orpo: preference({ loss: 'orpo', lambda: job.lambda }),
  };
  const { learning_rate, beta1, beta2, eps, weight_decay, grad_clip_norm } = job.adam;
  const optimizer = {
    learningRate: learning_rate,
    beta1,
    beta2,
    eps,
    weightDecay: weight_decay,
    gradClipNorm: grad_clip_norm,
  };
  const { steps, batchSize, seed } = job;
  return Object.fromEntries(
    Object.entries(found).map(([name, { data, loop, train }]) => [
      name,
      {
        name,
        ...(loop !== undefined && { loop }),
        model: {
          shape: job.shape,
          base: job.baseModel,
          tokenizer: TOKENIZER,
          ...(name === 'dpo' && { referenceShape: job.referenceShape }),
        },
        data: { train: data, endToken: '<eos>' },
        train: { steps, batchSize, seed, optimizer, ...train },
        checkpoint: { every: steps },
        evaluate: { prompts: 'asked.jsonl', grader: 'edit_similarity', maxTokens: 4 },
      },
    ]),
  );
}

/** One check for each recipe, whose numbers are the losses that the run told step by step. */
export async function runRecipes(stack: DisturbedStack, job: Job): Promise<readonly Check[]> {
  const folder = join(stack.home, 'recipes');
  mkdirSync(folder, { recursive: true });
  writeLines(join(folder, 'rows.jsonl'), job.rows);
  writeLines(join(folder, 'pairs.jsonl'), job.pairs);
  writeLines(
    join(folder, 'asked.jsonl'),
    job.rows.slice(0, 2).map(({ prompt }) => ({ prompt, reference: 'a' })),
  );
  const runs = Object.entries(experiments(job)).map(async ([name, experiment]): Promise<Check> => {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, stringify(experiment));
    const { runId } = await stack.runs.start(await loadExperiment(file));
    for (;;) {
      const run = await stack.runs.show(runId);
      const losses = run.steps.map(({ lossMean }) => lossMean);
      if (isOver(run.outcome)) {
        const ok = run.outcome === 'finished';
        const figure = ok ? `${losses[0]?.toFixed(4)} -> ${losses.at(-1)?.toFixed(4)}` : (run.stored?.reason ?? '');
        return { name, ok, figure, numbers: losses };
      }
      await sleep(200);
    }
  });
  return Promise.all(runs);
}

function writeLines(path: string, rows: readonly object[]): void {
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
