/** Writes what a run found out: rows and events keyed by what they are, so that a retry rewrites the same ones. */
import { changeText } from '../../domain/spec/spec-changes.ts';
import { toldOfRun } from '../../domain/decide/told-of-runs.ts';
import { budgetChangeText, liveChangeText } from '../../domain/words/live-changes.ts';
import type { Activities, RunRecord } from '../../domain/words/run.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { SyncResult } from '../../domain/words/checkpoint.ts';
import { signal } from '../guard.ts';
import type { RunDirectory } from '../upkeep/reconcile.ts';
import { machinesOfRun } from './machines-of-run.ts';
import { restoreEvaluation } from './restore-record.ts';
import type { EventLevel, Store } from '../../store/index.ts';

interface Ports {
  readonly store: Store;
  readonly directory: Pick<RunDirectory, 'endOf'>;
}

export function recording({ store, directory }: Ports): Pick<Activities, 'record' | 'recordSync' | 'proofRuns'> {
  return {
    async recordSync({ runId, checkpoint, sync }) {
      await store.saveCheckpoint(runId, checkpoint);
      await store.saveSync(runId, sync);
      const event = synced(sync);
      await store.addEvent(runId, { at: new Date().toISOString(), phase: 'sync', ...event });
    },

    async proofRuns({ workflowId }) {
      return (await directory.endOf(workflowId, signal())) === undefined;
    },

    async record(facts) {
      const { runId, phase, step, generation } = facts;
      await recordFacts(store, facts);
      const { missing } = await store.updateRun(runId, {
        phase,
        step,
        generation,
        ...(facts.plan !== undefined && { plan: facts.plan }),
        ...(facts.outcome !== undefined && { outcome: facts.outcome }),
        ...(facts.reason !== undefined && { reason: facts.reason }),
        ...(facts.release !== undefined && { release: facts.release }),
        ...(facts.mark !== undefined && { mark: facts.mark }),
        told: toldOfRun(facts),
      });
      const at = new Date().toISOString();
      for (const event of eventsOf(facts)) await store.addEvent(runId, { at, phase, ...event });
      return { missing };
    },
  };
}

async function recordFacts(store: Store, facts: RunRecord): Promise<void> {
  const { runId } = facts;
  if (facts.checkpoint !== undefined) await store.saveCheckpoint(runId, facts.checkpoint);
  if (facts.verdict !== undefined) await store.saveVerdict(runId, facts.verdict);
  for (const evaluation of facts.evaluations ?? []) await restoreEvaluation(store, runId, evaluation);
  if (facts.machines !== undefined) await store.accountFor(runId, machinesOfRun(runId, facts.machines));
  for (const change of facts.changes ?? []) await store.saveSpecChange(runId, change);
  if (facts.rewind !== undefined) {
    await store.saveRewind(runId, facts.rewind);
    await store.forgetStepsAfter(runId, { step: facts.rewind.toStep, generation: facts.rewind.generation });
  }
}

interface Happening {
  readonly key: string;
  readonly level: EventLevel;
  readonly message: string;
}

/** The log of a run, told from its facts. */
function eventsOf(facts: RunRecord): Happening[] {
  const told = [
    ...branched(facts),
    planned(facts),
    saved(facts),
    judged(facts),
    rewound(facts),
    ...changed(facts),
    ...budgeted(facts),
    ended(facts),
  ];
  const happenings = told.filter((event) => event !== undefined);
  if (happenings.length > 0) return happenings;
  const { phase, step, generation } = facts;
  return [{ key: `${phase}-s${step}-g${generation}`, level: 'info', message: phase }];
}

function planned({ plan }: RunRecord): Happening | undefined {
  if (plan === undefined) return undefined;
  const dropped = plan.examplesDropped > 0 ? `, ${plan.examplesDropped} too long and dropped` : '';
  return {
    key: 'planned',
    level: plan.examplesDropped > 0 ? 'warn' : 'info',
    message:
      `planned: ${plan.examples} examples (${short(plan.dataset)})${dropped}${heldOutText(plan)}, ` +
      `${plan.prompts} prompts (${short(plan.promptSet)})${suitesText(plan)}, ${plan.shape.reference}`,
  };
}

/** What a branch goes on from; and, where a file was changed since, that its numbers are not its parent's own. */
function branched({ plan, parent }: RunRecord): Happening[] {
  if (parent === undefined) return [];
  const { runId, step, checkpoint, changes } = parent;
  const what = changes.length === 0 ? 'nothing changed' : changes.map(changeText).join(', ');
  const events: Happening[] = [
    { key: 'branched', level: 'info', message: `branch of ${runId} at step ${step} (${checkpoint}): ${what}` },
  ];
  if (plan === undefined) return events;
  if (plan.dataset !== parent.dataset) {
    const message = `training data ${short(plan.dataset)} differs from the parent's (${short(parent.dataset)}): steps go on with other examples`;
    events.push({ key: 'branched/data', level: 'warn', message });
  }
  if (plan.promptSet !== parent.promptSet) {
    const message = `prompt set ${short(plan.promptSet)} differs from the parent's (${short(parent.promptSet)}): their scores cannot be compared`;
    events.push({ key: 'branched/prompts', level: 'warn', message });
  }
  return events;
}

function heldOutText({ validation }: Plan): string {
  return validation === undefined ? '' : `, ${validation.rows} held out (${short(validation.dataset)})`;
}

function suitesText({ suites = [] }: Plan): string {
  return suites.map(({ name, prompts, promptSet }) => `, suite ${name}: ${prompts} (${short(promptSet)})`).join('');
}

function saved({ checkpoint }: RunRecord): Happening | undefined {
  if (checkpoint === undefined) return undefined;
  const { name, snapshotType, identity, previousIdentity } = checkpoint;
  const on = previousIdentity === undefined ? '' : ` on ${previousIdentity}`;
  return { key: `saved/${identity}`, level: 'info', message: `saved ${name}: ${snapshotType} ${identity}${on}` };
}

function synced({ identity, replicas, seconds }: SyncResult): Happening {
  const on = `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
  return {
    key: `synced/${identity}`,
    level: 'info',
    message: `${identity} confirmed on ${on} in ${seconds.toFixed(1)} s`,
  };
}

function judged({ verdict }: RunRecord): Happening | undefined {
  if (verdict === undefined) return undefined;
  const { checkpoint, kind, reason } = verdict;
  return { key: `verdict/${checkpoint}`, level: 'info', message: `${checkpoint}: ${kind}, ${reason}` };
}

function rewound({ rewind }: RunRecord): Happening | undefined {
  if (rewind === undefined) return undefined;
  const { generation, cause, fromStep, toStep, seconds } = rewind;
  return {
    key: `rewind/g${generation}`,
    level: 'warn',
    message: `rewound from step ${fromStep} to ${toStep}, ${seconds.toFixed(0)} s lost, now generation ${generation}: ${cause}`,
  };
}

function budgeted({ budgetChanges = [], awaitsBudget }: RunRecord): Happening[] {
  const changes = budgetChanges.map((change): Happening => ({
    key: `budget/${change.at}`,
    level: 'info',
    message: budgetChangeText(change),
  }));
  if (awaitsBudget === undefined) return changes;
  const { reason, sinceMs } = awaitsBudget;
  return [...changes, { key: `account/${sinceMs}`, level: 'warn', message: `${reason}; it waits, and rents nothing` }];
}

function changed({ changes = [] }: RunRecord): Happening[] {
  return changes.map((change) => ({
    key: `changed/${change.number}`,
    level: 'info',
    message: liveChangeText(change),
  }));
}

function ended({ outcome, reason, release }: RunRecord): Happening | undefined {
  if (outcome === undefined) return undefined;
  const why = reason === undefined || reason === '' ? '' : `: ${reason}`;
  const released =
    release === undefined ? '' : ` (trainer ${release.trainerState}, deployment ${release.deploymentState})`;
  return {
    key: 'ended',
    level: outcome === 'failed' ? 'error' : 'info',
    message: `${outcome}${why}${released}`,
  };
}

function short(hash: string): string {
  return hash.slice(0, 12);
}
