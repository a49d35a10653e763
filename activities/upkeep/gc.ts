/**
 * Retention by reachability. What is removed is pawl's own: samples of checkpoints that nothing leads to, artifacts that
 * nothing refers to. Runs, checkpoints and scores stay on record; the platform keeps its snapshots by its own rules.
 */
import type {
  GcActivities,
  GcReport,
  KeptArtifact,
  KeptCheckpoint,
  Listing,
  UnreachableArtifact,
  UnreachableSamples,
} from '../../domain/words/gc.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { partsOf } from '../data/dataset.ts';
import { signal } from '../guard.ts';
import type { RunDirectory } from './reconcile.ts';
import { allRuns, allTies, busyWith, runToKeep } from './retention/facts.ts';
import { reachable, type Tie } from './retention/reachable.ts';
import { References } from './retention/references.ts';
import type { SampledEvaluation, Store, StoredRun } from '../../store/index.ts';

/** As many lines as a message of Temporal's can hold with ease. */
const MAX_LISTED = 1_000;

/** An artifact that was written this lately may belong to a plan that is about to be recorded. */
const YOUNG_MS = 24 * 3_600_000;

/** Evaluations that are looked at together. */
const EVALUATIONS_PER_PAGE = 500;

/** In the place of a checkpoint: samples that were drawn, and never became an evaluation. */
const NEVER_ENDED = 'evaluations that never ended';

interface Ports {
  readonly store: Store;
  readonly artifacts: Artifacts;
  readonly directory: RunDirectory;
}

export function collecting(ports: Ports): GcActivities {
  return {
    async collectGarbage({ dryRun, olderThanHours }) {
      const ageMs = (olderThanHours ?? 0) * 3_600_000;
      const facts = await lookAtRuns(ports);
      const samples = await removeSamples(ports.store, facts, { dryRun, beforeMs: Date.now() - ageMs });
      const { unreachable, kept } = await sortArtifacts(ports, facts, Date.now() - Math.max(ageMs, YOUNG_MS));
      const removed = dryRun ? unreachable : await removeArtifacts(ports, unreachable);
      return {
        dryRun,
        samples: listing(samples),
        artifacts: listing(removed),
        keptCheckpoints: { ...facts.kept, bytes: 0 },
        keptArtifacts: listing(kept),
      } satisfies GcReport;
    },
  };
}

/** What is remembered of a run. */
interface SeenRun {
  /** What is drawn at this moment may be of a checkpoint that was not there yet: nothing of it goes. */
  readonly busy: boolean;
  /** Otherwise, the checkpoints that something leads to. */
  readonly kept: ReadonlySet<string>;
  readonly updatedAt: string;
}

interface Facts {
  readonly runs: ReadonlyMap<string, SeenRun>;
  readonly kept: { readonly items: readonly KeptCheckpoint[]; readonly count: number };
  readonly references: References;
  /** A run whose data may be pinned, and is not recorded yet. */
  readonly planning?: string;
}

async function lookAtRuns({ store, artifacts, directory }: Ports): Promise<Facts> {
  const open = new Map((await store.openLeases()).map((lease) => [lease.runId, lease]));
  const ties = await allTies(store);
  const runs = new Map<string, SeenRun>();
  const referred = new References();
  const items: KeptCheckpoint[] = [];
  let count = 0;
  let planning: string | undefined;
  for await (const run of allRuns(store)) {
    const { runId, plan, updatedAt } = run;
    const busy = await busyWith(run, open.get(runId), { directory, signal: signal() });
    if (plan !== undefined) await referTo(referred, artifacts, { runId, plan });
    else if (busy !== undefined) planning ??= runId;
    const kept = await keptOf(store, run, { busy, ties: ties.get(runId) ?? [] });
    runs.set(runId, { busy: busy !== undefined, kept: new Set(kept.map(({ checkpoint }) => checkpoint)), updatedAt });
    count += busy === undefined ? kept.length : await store.countCheckpoints(runId);
    items.push(...kept.slice(0, MAX_LISTED - items.length));
  }
  const facts = { runs, kept: { items, count }, references: referred };
  return { ...facts, ...(planning !== undefined && { planning }) };
}

async function referTo(
  referred: References,
  artifacts: Artifacts,
  { runId, plan }: { runId: string; plan: Plan },
): Promise<void> {
  const reason = `run ${runId}`;
  referred.add({ reason, content: plan });
  const datasets = [plan.dataset, ...(plan.validation === undefined ? [] : [plan.validation.dataset])];
  for (const dataset of datasets) referred.add({ reason, content: await partsOf(artifacts, dataset) });
}

/** Of a busy run everything is kept; as much as can be listed is told. */
async function keptOf(
  store: Store,
  run: StoredRun,
  { busy, ties }: { busy: string | undefined; ties: readonly Tie[] },
): Promise<KeptCheckpoint[]> {
  const { runId } = run;
  if (busy === undefined) {
    const kept = reachable(await runToKeep(store, run, ties), ties);
    return [...kept].map(([checkpoint, reasons]) => ({ runId, checkpoint, reasons }));
  }
  const rows = await store.newestCheckpoints(runId, { limit: MAX_LISTED });
  return rows.map(({ checkpoint }) => ({ runId, checkpoint: checkpoint.name, reasons: [busy] }));
}

/** In pages, from one evaluation that has samples to the next. */
async function removeSamples(
  store: Store,
  { runs }: Facts,
  { dryRun, beforeMs }: { dryRun: boolean; beforeMs: number },
): Promise<UnreachableSamples[]> {
  const removed = new Map<string, UnreachableSamples>();
  for (let after = ''; ;) {
    const page = await store.sampledEvaluations(after, EVALUATIONS_PER_PAGE);
    for (const sampled of page) {
      if (!isUnreachable(sampled, runs.get(sampled.runId), beforeMs)) continue;
      const { evaluationId, runId, checkpoint = NEVER_ENDED } = sampled;
      const { samples, bytes } = await store.weighSamples(evaluationId);
      if (!dryRun) await store.deleteSamples([evaluationId]);
      const key = `${runId} ${checkpoint}`;
      const known = removed.get(key) ?? { runId, checkpoint, evaluations: 0, samples: 0, bytes: 0 };
      removed.set(key, {
        ...known,
        evaluations: known.evaluations + 1,
        samples: known.samples + samples,
        bytes: known.bytes + bytes,
      });
    }
    after = page.at(-1)?.evaluationId ?? after;
    if (page.length < EVALUATIONS_PER_PAGE) return [...removed.values()];
  }
}

/** Of a run that is not known nothing is removed: another store may know it. */
function isUnreachable(
  { checkpoint, recordedAt }: SampledEvaluation,
  run: SeenRun | undefined,
  beforeMs: number,
): boolean {
  if (run === undefined || run.busy) return false;
  if (checkpoint !== undefined && run.kept.has(checkpoint)) return false;
  return Date.parse(recordedAt ?? run.updatedAt) < beforeMs;
}

async function sortArtifacts(
  { store, artifacts }: Ports,
  { runs, planning, references: referred }: Facts,
  beforeMs: number,
): Promise<{ unreachable: UnreachableArtifact[]; kept: KeptArtifact[] }> {
  const sets = await store.promptSets();
  const known = new Set(sets.map(({ hash }) => hash));
  for (const { hash, aliases } of sets)
    for (const alias of aliases) referred.add({ reason: `alias ${alias}`, content: hash });
  for (const { hash, evaluationId } of await store.askedPromptSets())
    referred.add({ reason: evaluationId, content: hash });
  for (const runId of runs.keys()) {
    for (const { id, suite } of await store.appraisals(runId)) referred.add({ reason: id, content: suite });
  }
  const kept: KeptArtifact[] = [];
  const unreachable: UnreachableArtifact[] = [];
  for (const { hash, bytes, modifiedMs } of await artifacts.list()) {
    const young =
      modifiedMs >= beforeMs ? 'too young: written within the last day, or as --older-than says' : undefined;
    const pending = planning === undefined ? undefined : `run ${planning} is being planned, and may need it`;
    const reason = referred.get(hash) ?? pending ?? young;
    if (reason === undefined) unreachable.push({ hash, bytes, promptSet: known.has(hash) });
    else kept.push({ hash, bytes, reason });
  }
  return { unreachable, kept };
}

/** Those that nobody needed again since they were looked at: a plan may have, and its run would miss them. */
async function removeArtifacts(
  { store, artifacts }: Ports,
  unreachable: readonly UnreachableArtifact[],
): Promise<UnreachableArtifact[]> {
  const removed: UnreachableArtifact[] = [];
  for (const artifact of unreachable) {
    const { hash, promptSet } = artifact;
    if (!(await artifacts.remove(hash, { unlessPutSinceMs: Date.now() - YOUNG_MS }))) continue;
    if (promptSet) await store.deletePromptSet(hash);
    removed.push(artifact);
  }
  return removed;
}

function listing<Item extends { readonly bytes: number }>(items: readonly Item[]): Listing<Item> {
  const bytes = items.reduce((total, item) => total + item.bytes, 0);
  return { items: items.slice(0, MAX_LISTED), count: items.length, bytes };
}
