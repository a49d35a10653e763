/** A sweep's side effects: its rows, its proposals and verdicts from them, and a look at runs that are silent. */
import { propose } from '../../domain/decide/search/propose.ts';
import { stopVerdict } from '../../domain/decide/stopping/verdict.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { Goal, StopVerdict } from '../../domain/words/sweep.ts';
import type { SweepActivities, SweepInput, ToldScore, TrialEnded } from '../../domain/words/sweep-workflow.ts';
import type { Store } from '../../store/index.ts';
import type { ImportPorts } from '../data/import-dataset.ts';
import { signal } from '../guard.ts';
import { chatOf, pinData } from '../run/pin-data.ts';
import type { RunDirectory } from '../upkeep/reconcile.ts';
import { parametersText, planTrial } from './propose.ts';
import { factsBefore, toTrialScore } from '../../store/rows/trial-facts.ts';

interface Ports extends ImportPorts {
  readonly store: Store;
  readonly directory: RunDirectory;
}

/** By the directory's words; whatever cut a run off, it crashed. */
const OUTCOMES: Readonly<Record<string, TrialEnded['outcome']>> = {
  finished: 'finished',
  failed: 'failed',
  'was cancelled': 'cancelled',
};

export function sweeping(ports: Ports): SweepActivities {
  const { store, directory } = ports;
  const tell = async (sweepId: string, key: string, message: string): Promise<void> =>
    store.addSweepEvent(sweepId, { key, message });

  /** What the rule says of a score, by what was decided before it. */
  async function decide(
    sweep: SweepInput,
    { number, order, score }: { number: number; order: number; score: ToldScore },
  ): Promise<StopVerdict | undefined> {
    const { sweepId, spec } = sweep;
    const { stopEarly, seed } = spec;
    if (stopEarly === undefined) return undefined;
    const known = factsBefore(await store.trials(sweepId), order).map((trial) =>
      trial.number === number ? { ...trial, scores: [...trial.scores, toTrialScore({ ...score, order })] } : trial,
    );
    return stopVerdict({ stopEarly, seed, goal: goalOf(sweep) }, known, { number, order });
  }

  return {
    async openSweep(input) {
      const { sweepId, spec, experiment, askedBy } = input;
      const suite = suiteOf(input);
      const goal = goalOf(input);
      await store.saveSweep({ sweepId, name: spec.name, spec, experiment, suite, goal, askedBy });
      const date = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
      // Each trial finds what is made here under the same hash.
      const dataset = await pinData(ports, experiment, { chat: chatOf(experiment, date), signal: signal() });
      await tell(sweepId, 'open', `${dataset.examples} examples tokenized, once for all trials`);
      return { suite, goal };
    },

    async proposeTrial({ sweep, number, order, suite }) {
      const { sweepId, spec } = sweep;
      const known = await store.trial(sweepId, number);
      if (known !== undefined) return { trial: known.planned };
      const before = factsBefore(await store.trials(sweepId), order);
      const proposal = propose({ ...spec, goal: goalOf(sweep) }, before, number);
      if (proposal.kind === 'exhausted') return { exhausted: proposal.reason };
      const trial = planTrial(sweep, { number, parameters: proposal.parameters, suite });
      await store.saveTrial(sweepId, { number, proposedOrder: order, planned: trial });
      await tell(sweepId, `propose/${number}`, `trial ${number}: ${parametersText(trial.parameters)}`);
      return { trial };
    },

    async judgeTrial({ sweep, number, order, score, last }) {
      const { sweepId } = sweep;
      const known = (await store.trial(sweepId, number))?.scores.find(({ step }) => step === score.step);
      const verdict = known === undefined ? await decide(sweep, { number, order, score }) : known.verdict;
      await store.saveTrialScore(sweepId, number, { ...score, order, ...(verdict !== undefined && { verdict }) });
      if (verdict?.stop === true && !last) {
        await store.endTrial(sweepId, number, { state: 'stopped', endedOrder: order, reason: verdict.reason });
        await tell(sweepId, `stop/${number}`, `trial ${number} is stopped ${verdict.reason}`);
      } else if (last) {
        await store.endTrial(sweepId, number, { state: 'finished', endedOrder: order });
      }
      return verdict ?? null;
    },

    async endTrial({ sweepId, number, order, state, reason }) {
      await store.endTrial(sweepId, number, { state, endedOrder: order, reason });
      await tell(sweepId, `end/${number}`, `trial ${number} has no last score, it ${state}: ${reason}`);
    },

    noteTrialEnd: async ({ sweepId, number, outcome, reason }) =>
      store.noteTrialOutcome(sweepId, number, { runOutcome: outcome, runReason: reason }),

    async lookTrials({ runs }) {
      const over: TrialEnded[] = [];
      for (const { number, runId } of runs) {
        const end = await directory.endOf(runId, signal());
        if (end === undefined) continue;
        const stored = await store.getRun(runId).catch(() => undefined);
        const reason = stored?.reason ?? `its run ${end.fate}`;
        over.push({ number, outcome: OUTCOMES[end.fate] ?? 'crashed', reason, step: stored?.step ?? 0 });
      }
      return over;
    },

    async sweepSpent({ sweepId }) {
      const prices = new Map((await store.trials(sweepId)).map(({ number, planned }) => [number, planned.run.spec]));
      let hours = 0;
      let cost = 0;
      for (const { number, kind, plannedAt, endedAt } of await store.sweepLeases(sweepId)) {
        const spec = prices.get(number);
        const rented = (Date.parse(endedAt ?? new Date().toISOString()) - Date.parse(plannedAt)) / 3_600_000;
        if (kind === 'trainer') hours += rented;
        if (spec === undefined) continue;
        const perHour =
          kind === 'trainer' ? spec.prices.trainerPerHour : spec.prices.replicaPerHour * spec.deployment.replicas;
        cost += rented * perHour;
      }
      return { hours, cost };
    },

    async recordSweep({ sweepId, outcome, reason, best }) {
      await store.updateSweep(sweepId, { outcome, reason, ...(best !== undefined && { best }) });
      const found = best === undefined ? '' : `; the best is trial ${best.number}, ${best.runId}@${best.checkpoint}`;
      await tell(sweepId, 'end', `${outcome}: ${reason}${found}`);
    },

    noteSweep: async ({ sweepId, key, message }) => tell(sweepId, key, message),
  };
}

function suiteOf({ spec, experiment }: SweepInput): string {
  return spec.metric.suite ?? experiment.policy.suite ?? MAIN_SUITE;
}

function goalOf({ spec, experiment }: SweepInput): Goal {
  return spec.metric.goal ?? experiment.policy.direction;
}
