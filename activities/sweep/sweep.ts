/** A sweep's side effects: its rows, its proposals and verdicts from them, and a look at runs that are silent. */
import { rentOf } from '../../domain/decide/rent.ts';
import { propose } from '../../domain/decide/search/propose.ts';
import { stopVerdict } from '../../domain/decide/stopping/verdict.ts';
import { goalOf, suiteOf } from '../../domain/decide/sweep-metric.ts';
import { toldOfSweep } from '../../domain/decide/told-of-sweeps.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { StopVerdict } from '../../domain/words/sweep.ts';
import type { SweepActivities, SweepInput, ToldScore, TrialEnded } from '../../domain/words/sweep-workflow.ts';
import type { Store, StoredRun } from '../../store/index.ts';
import { factsBefore, toTrialScore } from '../../store/rows/trial-facts.ts';
import type { GraderPorts } from '../grading/graders.ts';
import { rememberForRetry, signal } from '../guard.ts';
import type { Provisioner } from '../ports.ts';
import { chatOf, pinData } from '../run/pin-data.ts';
import { outcomeOfFate } from '../upkeep/fates.ts';
import type { RunDirectory } from '../upkeep/reconcile.ts';
import { pinConfirming } from './confirm.ts';
import { findFinalists } from './finalists.ts';
import { machinesOfSlot } from './slot-machines.ts';
import { parametersText, planTrial } from './propose.ts';
import { changeText, confirmationText, endText } from './told.ts';

interface Ports extends GraderPorts {
  readonly store: Store;
  readonly directory: RunDirectory;
  readonly shapes: Pick<Provisioner, 'resolveShape'>;
}

export function sweeping(ports: Ports): SweepActivities {
  const { store, directory, shapes } = ports;
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

  /** Undefined: a run that ended before any worker took it. */
  async function recorded(runId: string): Promise<StoredRun | undefined> {
    try {
      return await store.getRun(runId);
    } catch (error) {
      if (error instanceof PawlError && error.type === 'InvalidRequest') return undefined;
      throw error;
    }
  }

  return {
    async openSweep(input) {
      const { sweepId, spec, experiment, askedBy } = input;
      const suite = suiteOf(input);
      const goal = goalOf(input);
      await store.saveSweep({ sweepId, name: spec.name, spec, experiment, suite, goal, askedBy });
      const date = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
      const shape = await shapes.resolveShape(experiment.model.shape, signal());
      // As each trial pins it, who then finds it made.
      const model = {
        chat: chatOf(experiment, date),
        contextTokens: shape.maxContextTokens,
        signal: signal(),
      };
      const dataset = await pinData(ports, experiment, {
        ...model,
        onUnpacked: (file, bytes) => rememberForRetry({ unpacked: { file, bytes } }),
      });
      await tell(sweepId, 'open', `${dataset.examples} examples tokenized, once for all trials that read them so`);
      if (spec.confirm === undefined) return { suite, goal };
      const { tokenizer, hash } = dataset;
      const asked = { suite, prompts: spec.confirm.prompts, model: { ...model, tokenizer, dataset: hash } };
      const confirm = await pinConfirming(ports, input, asked);
      for (const [index, note] of confirm.notes.entries()) await tell(sweepId, `confirm/${index}`, note);
      return { suite, goal, confirm: confirm.suite };
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
      await tell(sweepId, `end/${number}`, `trial ${number} has no last score (${state}): ${reason}`);
    },

    noteTrialEnd: async ({ sweepId, number, outcome, reason }) =>
      store.noteTrialOutcome(sweepId, number, { runOutcome: outcome, runReason: reason }),

    async lookTrials({ runs }) {
      const over: TrialEnded[] = [];
      for (const { number, runId } of runs) {
        const end = await directory.endOf(runId, signal());
        if (end === undefined) continue;
        const stored = await recorded(runId);
        const reason = stored?.reason ?? `its run ${end.fate}`;
        over.push({ number, outcome: outcomeOfFate(end.fate), reason, step: stored?.step ?? 0 });
      }
      return over;
    },

    async sweepSpent({ sweepId }) {
      const trials = await store.trials(sweepId);
      const leases = await store.leasesOf(trials.map(({ runId }) => runId));
      const nowMs = Date.now();
      const rents = trials.map(({ runId, planned }) => rentOf(leases.get(runId) ?? [], planned.run.spec, nowMs));
      return {
        hours: rents.reduce((sum, { hours }) => sum + hours, 0),
        cost: rents.reduce((sum, { cost }) => sum + cost, 0),
      };
    },

    slotMachines: async ({ slotId }) => machinesOfSlot(await store.leasesNamedAfter(slotId)),

    async changeSweep({ sweepId, order, change }) {
      await store.saveSweepChange(sweepId, { order, change });
      await tell(sweepId, `change/${order}`, changeText(change));
    },

    findFinalists: async (input) => findFinalists(store, input),

    async recordConfirmation({ sweepId, number, confirmation }) {
      await store.saveConfirmation(sweepId, number, confirmation);
      await tell(sweepId, `confirm/trial/${number}`, confirmationText(number, confirmation));
    },

    async lookPromotion({ promotionId, alias }) {
      const promotion = await store.promotion(promotionId);
      const { state = 'waiting', reason } = promotion ?? {};
      return { promotionId, alias, state, ...(reason !== undefined && { reason }) };
    },

    async recordSweep({ sweepId, ...ended }) {
      const { trials: _, ...report } = ended;
      await store.updateSweep(sweepId, { ...report, told: toldOfSweep({ sweepId, ...report }) });
      await tell(sweepId, 'end', endText(report));
    },

    noteSweep: async ({ sweepId, key, message }) => tell(sweepId, key, message),
  };
}
