/** Among whom a sweep's winner is chosen, and how each of them is asked again. */
import { goalOf, suiteOf } from '../../domain/decide/sweep-metric.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { PinnedSuite, Plan } from '../../domain/words/plan.ts';
import type { AppraisalInput, AppraisedSuite } from '../../domain/words/serving.ts';
import type { SweepInput } from '../../domain/words/sweep-workflow.ts';
import type { BestTrial, Finalist } from '../../domain/words/sweep-winner.ts';
import type { Store, StoredRun } from '../../store/index.ts';
import { confirmingSuite } from './confirm.ts';

/** The best trained checkpoint of each trial, the best first; of equals the older trial's. */
export async function findFinalists(
  store: Store,
  { sweep, confirm }: { sweep: SweepInput; confirm?: PinnedSuite | undefined },
): Promise<Finalist[]> {
  const { spec, sweepId } = sweep;
  const sign = goalOf(sweep) === 'maximize' ? 1 : -1;
  const scored = (await store.trials(sweepId)).flatMap(({ number, runId, scores }) =>
    // At step 0 all of them are alike.
    scores.filter(({ step }) => step > 0).map((score) => ({ number, runId, ...score })),
  );
  const ranked = scored.toSorted(
    (one, other) => sign * (other.score - one.score) || one.number - other.number || one.step - other.step,
  );
  const chosen = new Map<number, Finalist>();
  for (const { number, runId, step, score, checkpoint } of ranked) {
    if (chosen.size === (spec.confirm?.top ?? 1)) break;
    if (chosen.has(number)) continue;
    const found = { number, runId, step, score, checkpoint };
    const best = spec.promote === undefined ? found : await promotable(store, found);
    if (best === undefined) continue;
    const appraisal = confirm === undefined ? {} : { appraisal: await appraisalOf(store, { sweep, best, confirm }) };
    chosen.set(number, { ...best, ...appraisal });
  }
  return [...chosen.values()];
}

/** A platform makes models of whole weights: what was judged, if it is a base, or the base that was made of the same. */
async function promotable(store: Store, best: BestTrial): Promise<BestTrial | undefined> {
  const bases = (await store.checkpointReports(best.runId)).filter(
    ({ checkpoint, evaluation }) =>
      checkpoint.step === best.step && checkpoint.snapshotType === 'base' && evaluation !== undefined,
  );
  const base = bases.find(({ checkpoint }) => checkpoint.name === best.checkpoint) ?? bases.at(-1);
  return base === undefined ? undefined : { ...best, checkpoint: base.checkpoint.name };
}

interface Asking {
  readonly sweep: SweepInput;
  readonly best: BestTrial;
  readonly confirm: PinnedSuite;
}

async function appraisalOf(
  store: Store,
  { sweep, best: { number, runId, checkpoint }, confirm }: Asking,
): Promise<AppraisalInput> {
  return {
    appraisalId: `${sweep.sweepId}-confirm-${number}`,
    subject: { runId, checkpoint },
    suite: askedSuite(sweep, await store.getRun(runId), confirm),
    reason: `it is among the best of ${sweep.sweepId}, on prompts that no trial was chosen by`,
  };
}

/** As the trial itself was asked, but for the prompts. */
function askedSuite(sweep: SweepInput, { runId, spec, plan }: StoredRun, confirm: PinnedSuite): AppraisedSuite {
  if (plan === undefined) throw new PawlError('InvalidRequest', `${runId} was never planned`);
  const { promptSet, prompts, graderModule, references } = confirm;
  const { concurrency, mode } = spec.evaluate;
  const asked = confirmingSuite(spec.evaluate, suiteOf(sweep), sweep.spec.confirm?.prompts ?? spec.evaluate.prompts);
  return {
    evaluate: { ...asked, concurrency, mode },
    plan: {
      ...withoutSuites(plan),
      promptSet,
      prompts,
      ...(graderModule !== undefined && { graderModule }),
      ...(references !== undefined && { references }),
    },
  };
}

function withoutSuites({ suites: _s, graderModule: _g, references: _r, ...plan }: Plan): Plan {
  return plan;
}
