/** What the store knows of a candidate and of whom it must beat, and their scores on the same prompts. */
import { createHash } from 'node:crypto';
import {
  MAIN_SUITE,
  snapshotTrainer,
  type Checkpoint,
  type Evaluation,
  type Examination,
  type GateSuite,
  type PromotionRequest,
  type SuiteComparison,
} from '../workflows/contracts.ts';
import { PawlError } from './errors.ts';
import { pairedDifference, type PromptScore } from './grading/paired.ts';
import type { SampleRecord, Store, StoredPromotion, StoredRun } from './store/index.ts';

/** Why a promotion is refused before anything is compared: for its reader, not an error. */
class Refusal extends Error {}

interface Candidate {
  readonly run: StoredRun;
  readonly checkpoint: Checkpoint;
}

export async function examine(store: Store, request: PromotionRequest): Promise<Examination> {
  try {
    const { gate } = request;
    const candidate = await find(store, request.subject);
    requirePromotable(candidate);
    const [champion] = await store.champions(gate.alias);
    const { runId, checkpoint } = request.subject;
    if (champion?.runId === runId && champion.checkpoint === checkpoint) {
      throw new Refusal(`${checkpoint} of ${runId} is what ${gate.alias} stands for already (${champion.id})`);
    }
    const suites = gate.suites ?? [MAIN_SUITE];
    return {
      kind: 'candidate',
      checkpoint: candidate.checkpoint,
      against: champion === undefined ? `the baseline of its run, as ${gate.alias} has no champion` : told(champion),
      suites: await Promise.all(suites.map((suite) => evidence(store, candidate, suite, champion))),
      order: orderOf(candidate, gate.model),
      ...(champion !== undefined && { championBefore: champion.id }),
    };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

async function find(store: Store, { runId, checkpoint: name }: PromotionRequest['subject']): Promise<Candidate> {
  const run = await store.getRun(runId).catch((error: unknown) => {
    if (error instanceof PawlError && error.type === 'InvalidRequest') throw new Refusal(error.message);
    throw error;
  });
  const found = (await store.checkpointReports(run.runId)).find(({ checkpoint }) => checkpoint.name === name);
  if (found === undefined) throw new Refusal(`${runId} has no checkpoint ${name}: \`pawl show ${runId}\` lists them`);
  return { run, checkpoint: found.checkpoint };
}

/** A delta is a difference; a platform makes models of whole weights, or of whole adapters. */
function requirePromotable({ run, checkpoint }: Candidate): void {
  if (checkpoint.snapshotType === 'base') return;
  throw new Refusal(
    `${checkpoint.name} is a delta, which cannot be promoted: a run that finishes saves a base, ` +
      `so use \`pawl promote ${run.runId}@last\`, or a checkpoint that \`pawl show ${run.runId}\` calls base`,
  );
}

async function evidence(
  store: Store,
  { run, checkpoint }: Candidate,
  suite: string,
  champion: StoredPromotion | undefined,
): Promise<GateSuite> {
  const own = await scored(store, run.runId);
  const ofSuite = own.filter((evaluation) => (evaluation.suite ?? MAIN_SUITE) === suite);
  const candidate = ofSuite.findLast(({ identity }) => identity === checkpoint.identity);
  if (candidate === undefined) {
    throw new Refusal(
      `${checkpoint.name} of ${run.runId} was never evaluated on the suite ${suite}: choose a checkpoint that was`,
    );
  }
  const comparable = (other: Evaluation): boolean =>
    other.promptSet === candidate.promptSet && other.metric === candidate.metric;
  if (champion === undefined) {
    const [first] = ofSuite.filter(comparable);
    const baseline = ofSuite.findLast((other) => comparable(other) && other.checkpoint === first?.checkpoint);
    return { suite, candidate, reference: baseline ?? candidate };
  }
  const rivals = await scored(store, champion.runId);
  const reference = rivals.findLast((other) => comparable(other) && other.identity === champion.identity);
  if (reference === undefined) {
    throw new Refusal(`${told(champion)} was never evaluated as ${checkpoint.name} was on the suite ${suite}`);
  }
  return { suite, candidate, reference };
}

/** In order of step, then of recording. */
async function scored(store: Store, runId: string): Promise<Evaluation[]> {
  const evaluations = await store.evaluations(runId);
  return evaluations.flatMap((evaluation) => (evaluation.kind === 'scored' ? [evaluation] : []));
}

/** The name is made of what it names: whoever asks for a model of this snapshot asks for the same one. */
function orderOf({ run, checkpoint }: Candidate, prefix = run.name): Extract<Examination, { order: object }>['order'] {
  const { plan, runId } = run;
  if (plan === undefined) throw new Refusal(`${runId} was never planned`);
  const { identity, step } = checkpoint;
  const trainerId = snapshotTrainer(runId, checkpoint);
  const hash = createHash('sha256').update(`${trainerId}/${identity}`).digest('hex').slice(0, 8);
  const model = `accounts/${plan.account}/models/${prefix}-${step}-${hash}`;
  return { identity, trainerId, baseModel: plan.baseModel, model };
}

function told({ id, runId, checkpoint, alias }: StoredPromotion): string {
  return `the champion of ${alias}, ${checkpoint} of ${runId} (${id})`;
}

/** Prompts that one of them answered in part only drop out. */
export async function compareOnSuite(
  store: Store,
  { suite, candidate, reference }: GateSuite,
): Promise<SuiteComparison> {
  const [ours, theirs] = [await store.samples(candidate.id), await store.samples(reference.id)];
  const incomplete = new Set([...ours, ...theirs].filter(({ kind }) => kind === 'missing').map(promptOf));
  const whole = (samples: readonly SampleRecord[]): PromptScore[] =>
    samples.flatMap((sample) =>
      sample.kind === 'produced' && !incomplete.has(promptOf(sample))
        ? [{ promptHash: sample.promptHash, score: sample.score }]
        : [],
    );
  const difference = pairedDifference(whole(theirs), whole(ours));
  return {
    suite,
    metric: candidate.metric,
    candidate: side(candidate),
    reference: side(reference),
    prompts: new Set([...ours, ...theirs].map(promptOf)).size,
    ...(difference !== undefined && { difference: plain(difference) }),
  };
}

function promptOf({ promptHash }: SampleRecord): string {
  return promptHash;
}

function side({ id, identity, score, missing }: Evaluation): SuiteComparison['candidate'] {
  return { evaluation: id, identity, score, missing };
}

/** How many pairs would settle it depends on the margin, which the gate knows. */
function plain({ mean, pairs, low, high }: NonNullable<ReturnType<typeof pairedDifference>>) {
  return { mean, pairs, ...(low !== undefined && { low }), ...(high !== undefined && { high }) };
}
