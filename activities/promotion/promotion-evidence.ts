/** What the store knows of a candidate and of whom it must beat, and their scores on the same prompts. */
import { createHash } from 'node:crypto';
import { comparable } from '../../domain/words/suites.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import { snapshotTrainer } from '../../domain/decide/snapshot-chain.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { AppraisedSuite } from '../../domain/words/serving.ts';
import type {
  ConfirmedEvidence,
  ExaminedSuite,
  Examination,
  GateSuite,
  PromotionOrder,
  PromotionRequest,
  SuiteComparison,
} from '../../domain/words/promotion.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Compute } from '../compute/compute.ts';
import { packScores } from '../compute/packed-scores.ts';
import { looksAt, tailOf } from '../../domain/decide/looks.ts';
import type { PairedDifference, PromptScore } from '../../domain/decide/statistics/paired.ts';
import { promptScores } from '../../domain/decide/statistics/prompt-scores.ts';
import type { EvaluationRecord, SampleRecord, Store, StoredPromotion, StoredRun } from '../../store/index.ts';

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
    await requirePromotable(store, candidate);
    const [champion] = await store.champions(gate.alias);
    const { runId, checkpoint } = request.subject;
    if (champion?.runId === runId && champion.checkpoint === checkpoint) {
      throw new Refusal(`${checkpoint} of ${runId} is what ${gate.alias} stands for already (${champion.id})`);
    }
    const suites = suitesOf(request);
    const otherGates = await otherGatesOf(store, request, suites);
    return {
      kind: 'candidate',
      checkpoint: candidate.checkpoint,
      against: champion === undefined ? `the baseline of its run, as ${gate.alias} has no champion` : told(champion),
      suites: await Promise.all(
        suites.map((suite, index) => {
          const asked = { suite, champion, appraisalId: `${request.id}-suite-${index + 1}`, otherGates };
          const { confirmed } = request;
          return confirmed?.suite === suite
            ? confirmedEvidence(store, candidate, { ...asked, confirmed })
            : evidence(store, candidate, asked);
        }),
      ),
      order: orderOf(candidate, gate.model),
      ...(champion !== undefined && { championBefore: champion.id }),
    };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', reason: error.message };
    throw error;
  }
}

/** What was asked again on other prompts comes first, whether or not the gate names its suite. */
function suitesOf({ gate, confirmed }: PromotionRequest): readonly string[] {
  if (confirmed === undefined) return gate.suites ?? [MAIN_SUITE];
  return [confirmed.suite, ...(gate.suites ?? []).filter((suite) => suite !== confirmed.suite)];
}

/** One gate after the other, until one lets it through, is as good as choosing the best of so many candidates. */
async function otherGatesOf(store: Store, request: PromotionRequest, suites: readonly string[]): Promise<number> {
  const { id, gate, subject, confirmed } = request;
  const asked = (await store.promotions({ alias: gate.alias }))
    .filter((other) => other.id !== id && other.runId === subject.runId && other.checkpoint === subject.checkpoint)
    .map((promotion) => gateText(promotion.gate.suites ?? [MAIN_SUITE]));
  // Prompts of its own: no gate before asked these.
  return new Set(asked.filter((other) => confirmed !== undefined || other !== gateText(suites))).size;
}

function gateText(suites: readonly string[]): string {
  return suites.toSorted().join(' ');
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
async function requirePromotable(store: Store, { run, checkpoint }: Candidate): Promise<void> {
  if (checkpoint.snapshotType === 'base') return;
  const rows = await store.checkpointReports(run.runId);
  const bases = rows.filter((row) => row.checkpoint.snapshotType === 'base' && row.evaluation !== undefined);
  const same = bases.findLast((row) => row.checkpoint.step === checkpoint.step) ?? bases.at(-1);
  const remedy =
    same === undefined ? 'a run that finishes saves a base' : `\`pawl promote ${run.runId}@${same.checkpoint.name}\``;
  throw new Refusal(`${checkpoint.name} is a delta, which cannot be promoted: promote a base instead, ${remedy}`);
}

interface AskedSuite {
  readonly suite: string;
  readonly appraisalId: string;
  readonly champion: StoredPromotion | undefined;
  readonly otherGates: number;
}

async function evidence(store: Store, { run, checkpoint }: Candidate, gate: AskedSuite): Promise<ExaminedSuite> {
  const { suite, appraisalId, champion, otherGates } = gate;
  const { policy } = run.spec;
  const direction = suite === (policy.suite ?? MAIN_SUITE) ? policy.direction : 'maximize';
  const sides = { suite, direction, ...(otherGates > 0 && { otherGates }) } as const;
  const asked = await evaluationsOf(store, run, suite);
  const candidate = asked.findLast(({ identity }) => identity === checkpoint.identity);
  if (candidate === undefined) {
    throw new Refusal(
      `${checkpoint.name} of ${run.runId} was never evaluated on the suite ${suite}: choose a checkpoint that was`,
    );
  }
  if (champion === undefined) {
    const baseline = fullest(asked.filter((other) => other.checkpoint === asked[0]?.checkpoint)) ?? candidate;
    return { ...sides, candidate, reference: { kind: 'evaluated', evaluation: baseline } };
  }
  const { spec, plan } = planned(run);
  const ownSuite = { evaluate: spec.evaluate, plan, ...(suite !== MAIN_SUITE && { suite }) };
  const reason = `${checkpoint.name} of ${run.runId} is to be compared with it on the suite ${suite}`;
  const reference = await referenceOf(store, { rival: champion, candidate, appraisalId, asked: ownSuite, reason });
  return { ...sides, candidate, reference };
}

/** The candidate's own run has asked nobody else these prompts: its baseline may have to be asked too. */
async function confirmedEvidence(
  store: Store,
  { run, checkpoint }: Candidate,
  { suite, appraisalId, champion, otherGates, confirmed }: AskedSuite & { readonly confirmed: ConfirmedEvidence },
): Promise<ExaminedSuite> {
  const { direction, evaluation, asked } = confirmed;
  const candidate = (await appraised(store, run.runId)).find(({ id }) => id === evaluation);
  if (candidate === undefined) {
    throw new Refusal(`${checkpoint.name} of ${run.runId} was confirmed by ${evaluation}, which is no longer there`);
  }
  const rival = champion ?? (await baselineOf(store, run));
  const reason = `${checkpoint.name} of ${run.runId} is to be compared with it on the prompts that confirmed it`;
  const reference = await referenceOf(store, { rival, candidate, appraisalId, asked, reason });
  return {
    suite: `${suite} (confirmed)`,
    direction,
    candidate,
    reference,
    ...(otherGates > 0 && { otherGates }),
  };
}

async function baselineOf(store: Store, { runId }: StoredRun): Promise<Rival> {
  const [first] = await store.checkpointReports(runId);
  if (first === undefined) throw new Refusal(`${runId} has no baseline: \`pawl show ${runId}\` lists its checkpoints`);
  return { runId, checkpoint: first.checkpoint.name, identity: first.checkpoint.identity };
}

interface Rival {
  readonly runId: string;
  readonly checkpoint: string;
  readonly identity?: string;
}

interface Comparing {
  readonly rival: Rival;
  readonly candidate: Evaluation;
  readonly appraisalId: string;
  /** As the candidate was asked. */
  readonly asked: AppraisedSuite;
  readonly reason: string;
}

/** What it was asked already counts; else it is asked now. */
async function referenceOf(
  store: Store,
  { rival, candidate, appraisalId, asked, reason }: Comparing,
): Promise<ExaminedSuite['reference']> {
  const { runId, checkpoint, identity } = rival;
  const known = [...(await scored(store, runId)), ...(await appraised(store, runId))];
  const found = fullest(known.filter((other) => comparable(other, candidate) && other.identity === identity));
  if (found !== undefined) return { kind: 'evaluated', evaluation: found };
  return { kind: 'missing', appraisal: { appraisalId, subject: { runId, checkpoint }, suite: asked, reason } };
}

/** The first of those that miss least: asked again and again, the luckiest would be taken. */
function fullest(evaluations: readonly Evaluation[]): Evaluation | undefined {
  return evaluations.reduce<Evaluation | undefined>(
    (best, other) => (best === undefined || other.missing < best.missing ? other : best),
    undefined,
  );
}

/** What the run itself was asked as this suite. */
async function evaluationsOf(store: Store, run: StoredRun, suite: string): Promise<Evaluation[]> {
  const { plan } = planned(run);
  const known = [MAIN_SUITE, ...(plan.suites ?? []).map(({ name }) => name)];
  if (!known.includes(suite)) throw new Refusal(`${run.runId} has no suite ${suite}: it has ${known.join(', ')}`);
  const evaluations = await scored(store, run.runId);
  return evaluations.filter((other) => (other.suite ?? MAIN_SUITE) === suite);
}

function planned({ runId, spec, plan }: StoredRun): { spec: StoredRun['spec']; plan: Plan } {
  if (plan === undefined) throw new Refusal(`${runId} was never planned`);
  return { spec, plan };
}

/** The run's own, in order of step, then of recording. */
async function scored(store: Store, runId: string): Promise<Evaluation[]> {
  return onlyScored(await store.evaluations(runId));
}

/** What others asked of its checkpoints, beside the run. */
async function appraised(store: Store, runId: string): Promise<Evaluation[]> {
  const appraisals = await store.appraisals(runId);
  return onlyScored(appraisals.flatMap(({ evaluations }) => evaluations));
}

function onlyScored(evaluations: readonly EvaluationRecord[]): Evaluation[] {
  return evaluations.flatMap((evaluation) => (evaluation.kind === 'scored' ? [evaluation] : []));
}

/** The name is made of what it names: whoever asks for a model of this snapshot asks for the same one. */
function orderOf({ run, checkpoint }: Candidate, prefix = run.name): PromotionOrder {
  const { plan } = planned(run);
  const { identity, step } = checkpoint;
  const trainerId = snapshotTrainer(run.runId, checkpoint);
  const hash = createHash('sha256').update(`${trainerId}/${identity}`).digest('hex').slice(0, 8);
  const model = `accounts/${plan.account}/models/${prefix}-${step}-${hash}`;
  return { identity, trainerId, baseModel: plan.baseModel, model };
}

function told({ id, runId, checkpoint, alias }: StoredPromotion): string {
  return `the champion of ${alias}, ${checkpoint} of ${runId} (${id})`;
}

/** Prompts that one of them answered in part only drop out. */
export async function compareOnSuite(
  { store, compute }: { readonly store: Store; readonly compute: Compute },
  { suite, direction, candidate, reference, otherGates = 0 }: GateSuite,
  signal: AbortSignal,
): Promise<SuiteComparison> {
  const [ours, theirs] = [await store.samples(candidate.id), await store.samples(reference.id)];
  const incomplete = new Set(
    ours
      .concat(theirs)
      .filter(({ kind }) => kind === 'missing')
      .map(promptOf),
  );
  const whole = (samples: readonly SampleRecord[]): readonly PromptScore[] =>
    promptScores(
      samples.filter((sample) => !incomplete.has(promptOf(sample))),
      { passAt: candidate.sampling?.passAt },
    );
  const [worse, better] = direction === 'maximize' ? [theirs, ours] : [ours, theirs];
  const looks = looksAt({ checkpoints: await store.checkpointsAsked(candidate, reference.id), otherGates });
  const scores = { baseline: packScores(whole(worse)), candidate: packScores(whole(better)), tail: tailOf(looks) };
  const difference = await compute.run('statistics.pairedDifference', scores, { signal });
  return {
    suite,
    metric: candidate.metric,
    candidate: side(candidate),
    reference: side(reference),
    prompts: new Set(ours.concat(theirs).map(promptOf)).size,
    looks,
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
function plain({ mean, pairs, low, high }: PairedDifference) {
  return { mean, pairs, ...(low !== undefined && { low }), ...(high !== undefined && { high }) };
}
