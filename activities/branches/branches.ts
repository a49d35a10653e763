/** Branches by policy: the experiments that they are, and the log of how one of them was chosen. */
import { changeText, fieldChanges, withSettings, type Settings } from '../../domain/spec/spec-changes.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import type { BranchActivities, BranchesStatus, PlannedBranch } from '../../domain/words/branches.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { EventLevel, Store } from '../../store/index.ts';

export function branching({ store }: { store: Store }): BranchActivities {
  async function tell(runId: string, key: string, message: string, level: EventLevel = 'info'): Promise<void> {
    await store.addEvent(runId, { key, at: new Date().toISOString(), phase: 'decide', level, message });
  }

  return {
    planBranches({ spec, branches }) {
      return Promise.resolve(branches.map((settings, index) => planBranch(asWritten(spec), settings, index + 1)));
    },

    async recordBranches(status) {
      const { runId, checkpoint, trial, reason } = status;
      if (reason === undefined) {
        const list = status.branches.map(branchText).join('; ');
        const checkpoints = trial === 1 ? 'evaluation' : 'evaluations';
        await tell(runId, 'branches', `branches from ${checkpoint}, ${trial} ${checkpoints} each: ${list}`);
        return;
      }
      await store.saveBranchChoice({ ...status, reason });
      await tell(runId, 'branches/choice', reason, status.chosen === undefined ? 'warn' : 'info');
    },

    recordNoBranches: ({ runId, reason }) => tell(runId, 'branches', `no branches: ${reason}`, 'error'),
  };
}

/** Where the experiment said epochs, the number of steps was the plan's. */
function asWritten(spec: RunSpec): RunSpec {
  return spec.train.epochs === undefined ? spec : { ...spec, train: { ...spec.train, steps: 0 } };
}

function planBranch(spec: RunSpec, settings: Settings, index: number): PlannedBranch {
  // A branch does not branch by itself again: there would be no end of it.
  const parsed = RunSpec.safeParse(withSettings(spec, { ...settings, 'policy.plateau.branches': null }));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
    throw new PawlError(
      'InvalidRequest',
      `branch ${index} of policy.plateau.branches cannot be: ${problems.join('; ')}`,
    );
  }
  const changes = fieldChanges(spec, parsed.data).filter(({ path }) => path !== 'policy.plateau.branches');
  return { spec: parsed.data, changes };
}

function branchText({ runId, changes }: BranchesStatus['branches'][number]): string {
  return `${runId} with ${changes.map(changeText).join(', ')}`;
}
