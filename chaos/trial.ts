/** The experiment on trial: the same spec and seed, undisturbed and disturbed, in one stack. */
import type { StoredRewind } from '../store/index.ts';
import { loadExperiment, type RunDetails, type RunSpec } from '../client/index.ts';
import { isOver } from '../client/runs/run-view.ts';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Adversary, counts, type AdversaryReport } from './adversary.ts';
import { compare, type Comparison } from './compare.ts';
import { gather } from './evidence.ts';
import { planFaults, type FaultKind } from './faults.ts';
import { DisturbedStack, type Ledger } from './stack.ts';

export interface TrialOptions {
  readonly experiment: string;
  readonly set: readonly string[];
  readonly seed: number;
  readonly kills: number;
  readonly kinds: readonly FaultKind[];
  /** At which faults strike; none: all. */
  readonly endpoints: readonly string[];
  readonly log: (message: string) => void;
  /** Aborted when the time is up. */
  readonly signal: AbortSignal;
}

export interface Trial {
  readonly adversary: AdversaryReport;
  readonly comparisons: readonly Comparison[];
  readonly undisturbedSeconds: number;
  readonly disturbedSeconds: number;
  readonly rewinds: readonly StoredRewind[];
  /** Optimizer steps that the sandbox did, beyond those the run needed. */
  readonly stepsRepeated: number;
  /** Requests that frozen trainers of the two runs answered: none, where a run compares with no reference of its own. */
  readonly referenceRequests: { readonly undisturbed: number; readonly disturbed: number };
}

export async function runTrial(stack: DisturbedStack, options: TrialOptions): Promise<Trial> {
  const spec = patient(await loadExperiment(options.experiment, { set: options.set }), options.kills);
  let requests = 0;
  stack.fate = (exchange) => {
    if (counts(exchange, options.endpoints)) requests += 1;
    return {};
  };
  const first = await runToEnd(stack, spec, options);
  requireFinished(first.run, 'undisturbed');
  options.log(`undisturbed: ${first.run.runId}, ${requests} requests, ${first.seconds.toFixed(1)} s`);
  const expected = await gather(stack, first.run);
  const undisturbed = referenceRequests(await stack.ledger(), first.run.runId);
  // What the first run found out is no help to the second: it must make its own, under the faults.
  await rm(join(stack.home, 'artifacts', 'notes'), { recursive: true, force: true });

  const { seed, kills: count, kinds, endpoints, log } = options;
  const plan = planFaults({ seed, count, requests, kinds });
  let adversary: Adversary | undefined;
  const second = await runToEnd(stack, spec, options, (runId) => {
    const begun = new Adversary({ stack, runId, plan, endpoints, log });
    adversary = begun;
    stack.fate = (exchange) => begun.fate(exchange);
  });
  adversary?.release();
  stack.fate = () => ({});
  if (adversary === undefined) throw new Error('the disturbed run was never started');
  requireFinished(second.run, 'disturbed');
  log(`disturbed: ${second.run.runId}, ${second.seconds.toFixed(1)} s`);
  const found = await gather(stack, second.run);
  const ledger = await stack.ledger();
  const { rented, trainers } = ledger;
  const asked = { undisturbed, disturbed: referenceRequests(ledger, second.run.runId) };
  const applied = trainers
    .filter(({ job }) => job.startsWith(second.run.runId))
    .flatMap(({ models }) => models)
    .reduce((sum, { optimizerSteps }) => sum + optimizerSteps, 0);
  const nothing = { 'nothing rented': [] as unknown[] };
  const now = { 'nothing rented': [...rented.trainerJobs, ...rented.deployments] };
  return {
    adversary: adversary.report(),
    comparisons: [...compare(expected, found), ...askedOnce(asked, adversary.report()), ...compare(nothing, now)],
    referenceRequests: asked,
    undisturbedSeconds: first.seconds,
    disturbedSeconds: second.seconds,
    rewinds: second.run.rewinds,
    stepsRepeated: applied - second.run.steps.length,
  };
}

/** Of trainers that never trained: they were rented to say what a frozen model thinks of the data. */
function referenceRequests({ trainers }: Ledger, runId: string): number {
  const frozen = trainers.filter(
    ({ job, models }) =>
      job.startsWith(runId) && models.every(({ forwardBackwardCalls }) => forwardBackwardCalls === 0),
  );
  return frozen.flatMap(({ models }) => models).reduce((sum, { forwardCalls }) => sum + forwardCalls, 0);
}

/** A part of the scores, and what is in the trainer's hands beyond it. */
const LOST_WITH_A_TRAINER = 12;

/** Whoever scores the data asks once about each example; only the death of the trainer itself costs what it was at. */
function askedOnce({ undisturbed, disturbed }: Trial['referenceRequests'], { done }: AdversaryReport): Comparison[] {
  if (undisturbed === 0) return [];
  const allowed = undisturbed + LOST_WITH_A_TRAINER * (done.get('trainer') ?? 0);
  const detail = `${undisturbed} requests undisturbed, ${disturbed} disturbed`;
  return [{ name: 'the reference asked once', equal: disturbed <= allowed, detail }];
}

/** A budget of rewinds is for platforms that fail by themselves; here the faults are counted already. */
function patient(spec: RunSpec, kills: number): RunSpec {
  return { ...spec, recovery: { ...spec.recovery, maxRewinds: spec.recovery.maxRewinds + kills } };
}

async function runToEnd(
  stack: DisturbedStack,
  spec: RunSpec,
  { signal }: TrialOptions,
  onSubmitted: (runId: string) => void = () => undefined,
): Promise<{ run: RunDetails; seconds: number }> {
  const startedMs = performance.now();
  const { runId } = await stack.runs.start(spec);
  onSubmitted(runId);
  for (;;) {
    const run = await look(stack, runId);
    if (run !== undefined && isOver(run.outcome)) return { run, seconds: (performance.now() - startedMs) / 1000 };
    if (signal.aborted) throw new Error(`no end in time: ${describe(run, runId)}`);
    await sleep(250);
  }
}

/** Undefined while the server is away. */
async function look(stack: DisturbedStack, runId: string): Promise<RunDetails | undefined> {
  try {
    return await stack.runs.show(runId);
  } catch {
    return undefined;
  }
}

function requireFinished(run: RunDetails, which: string): void {
  if (run.outcome !== 'finished') throw new Error(`the ${which} run did not finish: ${describe(run, run.runId)}`);
}

function describe(run: RunDetails | undefined, runId: string): string {
  if (run === undefined) return `${runId} does not answer`;
  const where = run.status ?? run.stored;
  const wait = run.waiting === undefined ? '' : `, waiting: ${run.waiting.message}`;
  const reason = run.stored?.reason === undefined ? '' : `, ${run.stored.reason}`;
  return `${runId} is ${run.outcome}, phase ${where?.phase ?? 'unknown'}, step ${run.steps.at(-1)?.step ?? 0}${wait}${reason}`;
}
