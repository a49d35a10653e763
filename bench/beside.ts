/**
 * One run of short steps beside everything that computes for long, in one worker: a grader that never ends, a tokenizer of
 * 28 MB with a million rows to plan, a promotion over 100,000 prompts. What they take from it, and how soon it stops.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { DisturbedStack } from '../chaos/stack.ts';
import { loadExperiment, type RunSpec } from '../client/index.ts';
import { isOver } from '../client/runs/run-view.ts';
import { isSettled } from '../domain/words/promotion.ts';
import { PromotionSpec } from '../domain/spec/promotion-spec.ts';
import { largeTokenizer } from '../test/data/large-tokenizer.ts';
import { writeExperiment } from '../test/e2e/experiment.ts';
import { writeJsonl } from './jsonl.ts';
import { pawlRun, specOf } from './pawl-run.ts';

const STEP_MS = 50;
const WATCHED_MS = 30_000;
/** Of three characters at most, as a file: 28 MB. */
const VOCABULARY = 800_000;

export interface Beside {
  readonly aloneStepsPerSecond: number;
  readonly besideStepsPerSecond: number;
  /** Activities of the run that were begun again, or not heard of in time. */
  readonly repeated: number;
  /** From `pawl stop` on; its window has `windowSteps`. */
  readonly stepsAfterStop: number;
  readonly windowSteps: number;
  /** What was going on at the end of the watched time. */
  readonly burdens: readonly string[];
  readonly rows: number;
  readonly prompts: number;
}

export async function measureBeside(options: { scale: number; log: (message: string) => void }): Promise<Beside> {
  const { scale, log } = options;
  const [rows, prompts] = [Math.ceil(1_000_000 * scale), Math.ceil(100_000 * scale)];
  const flags = ['--compute', 'none', '--step-ms', String(STEP_MS), '--log-level', 'warn'];
  const stack = await DisturbedStack.start({ workers: 1, direct: true, sandboxFlags: flags });
  try {
    log(`${prompts} prompts are evaluated twice, for a promotion to look at`);
    const judged = await pawlRun(stack, await evaluated(stack, prompts));
    const burdens = await burdensOf(stack, rows);

    const spec = await specOf(stack, ['train.steps=1000000', 'checkpoint.every=1000000', 'evaluate.mode=blocking']);
    const { runId } = await stack.runs.start(spec);
    while ((await stepsOf(stack)) < 100) await sleep(200);
    const alone = await rate(stack);
    log(`alone: ${alone.toFixed(2)} steps/s`);

    const started = await Promise.all(burdens.map(async (burden) => stack.runs.start(burden)));
    const promoting = keepPromoting(stack, judged.runId);
    await sleep(5_000);
    const beside = await rate(stack);
    const going = await Promise.all(started.map(async (run) => describe(stack, run.runId)));
    log(`beside: ${beside.toFixed(2)} steps/s; ${going.join('; ')}`);

    const before = await stepsOf(stack);
    await stack.runs.stop(runId, { reason: 'measured' });
    await stack.runs.result(runId);
    const stepsAfterStop = (await stepsOf(stack)) - before;
    const promotions = await promoting.end();
    const { windowSteps, repeated } = await heard(stack, runId);
    await Promise.all(started.map(async (run) => stack.runs.stop(run.runId, { now: true, reason: 'measured' })));
    return {
      aloneStepsPerSecond: alone,
      besideStepsPerSecond: beside,
      repeated,
      stepsAfterStop,
      windowSteps,
      burdens: [...going, `${promotions} promotions judged`],
      rows,
      prompts,
    };
  } finally {
    await stack.stop();
  }
}

/** A run of one step whose two evaluations are of so many prompts. */
async function evaluated(stack: DisturbedStack, prompts: number): Promise<RunSpec> {
  const folder = join(stack.home, 'judged');
  const experiment = writeExperiment(folder);
  await writeJsonl(join(folder, 'heldout.jsonl'), prompts, (index) => ({
    prompt: `${spelled(index)} =`,
    reference: 'a',
  }));
  return loadExperiment(experiment, {
    set: [
      'train.steps=1',
      'checkpoint.every=1',
      'evaluate.mode=blocking',
      'evaluate.concurrency=64',
      'evaluate.maxTokens=1',
    ],
  });
}

async function burdensOf(stack: DisturbedStack, rows: number): Promise<readonly RunSpec[]> {
  const looping = writeExperiment(join(stack.home, 'looping'));
  await writeFile(join(stack.home, 'looping', 'loop.mjs'), 'export const score = () => { for (;;); };\n');
  const large = writeExperiment(join(stack.home, 'large'));
  await writeFile(join(stack.home, 'large', 'large.json'), largeTokenizer(VOCABULARY));
  await writeJsonl(join(stack.home, 'large', 'train.jsonl'), rows, (index) => ({
    prompt: `${spelled(index)} =`,
    completion: spelled(index).split('').toReversed().join(''),
  }));
  return [
    await loadExperiment(looping, { set: ['evaluate.grader={module: ./loop.mjs}'] }),
    await loadExperiment(large, { set: ['model.tokenizer=large.json'] }),
  ];
}

/** Every number is another word. */
function spelled(index: number): string {
  return index
    .toString(26)
    .split('')
    .map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)))
    .join(' ');
}

/** One promotion after the other, each of them refused or not: what is measured is the asking. */
function keepPromoting(stack: DisturbedStack, runId: string): { end: () => Promise<number> } {
  const ended = new AbortController();
  let judged = 0;
  const going = (async () => {
    while (!ended.signal.aborted) {
      const gate = PromotionSpec.parse({ alias: `measured-${judged}` });
      const { id } = await stack.runs.promotions.promote(runId, { gate, by: 'bench' });
      for (;;) {
        const asked = (await stack.runs.promotions.list(gate.alias)).flatMap((alias) => alias.promotions);
        if (asked.some((promotion) => promotion.id === id && isSettled(promotion.state))) break;
        await sleep(200);
      }
      judged += 1;
    }
  })();
  return {
    end: async () => {
      ended.abort();
      await going;
      return judged;
    },
  };
}

/** Of the trainer that goes fastest: the others have hardly begun. */
async function stepsOf(stack: DisturbedStack): Promise<number> {
  const { trainers } = await stack.ledger();
  return Math.max(0, ...trainers.flatMap(({ models }) => models.map(({ optimizerSteps }) => optimizerSteps)));
}

async function rate(stack: DisturbedStack): Promise<number> {
  const [from, since] = [await stepsOf(stack), performance.now()];
  await sleep(WATCHED_MS);
  return ((await stepsOf(stack)) - from) / ((performance.now() - since) / 1_000);
}

/** Fails where a burden is none. */
async function describe(stack: DisturbedStack, runId: string): Promise<string> {
  const { outcome, status, stored } = await stack.runs.status(runId);
  if (isOver(outcome)) throw new Error(`${runId} is over already: ${outcome}, ${stored?.reason ?? ''}`);
  return `${runId} ${status?.phase ?? 'begins'}`;
}

async function heard(stack: DisturbedStack, runId: string): Promise<{ windowSteps: number; repeated: number }> {
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    const { events } = await new Client({ connection }).workflow.getHandle(runId).fetchHistory();
    const windows = (events ?? []).filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'trainWindow',
    ).length;
    const repeated = (events ?? []).filter(
      (event) =>
        Boolean(event.activityTaskTimedOutEventAttributes) ||
        (event.activityTaskStartedEventAttributes?.attempt ?? 1) > 1,
    ).length;
    return { windowSteps: Math.ceil((await stepsOf(stack)) / Math.max(1, windows)), repeated };
  } finally {
    await connection.close();
  }
}
