/** Tells a store that lost a run, or is an older copy of itself, what the run's workflow holds of it. */
import type { Activities, RunFacts } from '../../domain/words/run.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import { machinesOfRun } from './machines-of-run.ts';
import type { Store } from '../../store/index.ts';

export function restoring({ store }: { store: Store }): Pick<Activities, 'restoreRecord'> {
  return {
    async restoreRecord(facts) {
      const { run, startedAt, plan, phase, step, generation, outcome, reason, mark } = facts;
      const { runId, spec, parent } = run;
      const branch = parent !== undefined && { parent };
      await store.saveRun({ runId, name: spec.name, spec, createdAt: startedAt, ...branch });
      await restoreCheckpoints(store, facts);
      for (const change of facts.changes ?? []) await store.saveSpecChange(runId, change);
      for (const rewind of facts.rewinds) await store.saveRewind(runId, rewind);
      await restoreLeases(store, facts);
      const at = new Date().toISOString();
      await store.addEvent(runId, {
        key: `restored/${mark.seq}`,
        at,
        phase,
        level: 'warn',
        message: 'the store had lost this run: written again is what the run holds; steps and samples before are gone',
      });
      const known = plan !== undefined && { plan };
      // Last: a restoration that was cut short is done again after the next record.
      const restored = { seq: mark.seq, acknowledged: 0 };
      await store.updateRun(runId, { phase, step, generation, outcome, reason, ...known, mark: restored });
    },
  };
}

async function restoreCheckpoints(store: Store, { run: { runId }, checkpoints }: RunFacts): Promise<void> {
  for (const { checkpoint, evaluation, suites = [], verdict } of checkpoints) {
    await store.saveCheckpoint(runId, checkpoint);
    for (const found of evaluation === undefined ? suites : [evaluation, ...suites]) {
      await restoreEvaluation(store, runId, found);
    }
    if (verdict !== undefined) await store.saveVerdict(runId, { ...verdict, checkpoint: checkpoint.name });
  }
}

/** What was recorded of it by those who had its samples stands. */
export async function restoreEvaluation(store: Store, runId: string, evaluation: Evaluation): Promise<void> {
  if ((await store.evaluation(evaluation.id)) !== undefined) return;
  await store.saveEvaluation(runId, { kind: 'scored', ...evaluation });
}

async function restoreLeases(
  store: Store,
  { run: { runId }, trainerId, deploymentId, machines }: RunFacts,
): Promise<void> {
  if (machines !== undefined) await store.accountFor(runId, machinesOfRun(runId, machines));
  if (trainerId !== undefined) await store.planLease(runId, { kind: 'trainer', id: trainerId });
  if (deploymentId !== undefined) await store.planLease(runId, { kind: 'deployment', id: deploymentId });
}
