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
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { partsOf } from '../data/dataset.ts';
import { signal } from '../guard.ts';
import type { RunDirectory } from './reconcile.ts';
import { retentionFacts, type RetentionFacts } from './retention/facts.ts';
import { reachable } from './retention/reachable.ts';
import { references } from './retention/references.ts';
import type { Store, StoredSamples } from '../../store/index.ts';

/** As many lines as a message of Temporal's can hold with ease. */
const MAX_LISTED = 1_000;

/** An artifact that was written this lately may belong to a plan that is about to be recorded. */
const YOUNG_MS = 24 * 3_600_000;

/** In the place of a checkpoint: samples that were drawn, and never became an evaluation. */
const NEVER_ENDED = 'evaluations that never ended';

interface Ports {
  readonly store: Store;
  readonly artifacts: Artifacts;
  readonly directory: RunDirectory;
}

export function collecting(ports: Ports): GcActivities {
  const { store } = ports;
  return {
    async collectGarbage({ dryRun, olderThanHours }) {
      const ageMs = (olderThanHours ?? 0) * 3_600_000;
      const facts = await retentionFacts(ports, signal());
      const { keptCheckpoints, samples } = await sortSamples(store, facts, Date.now() - ageMs);
      if (!dryRun) for (const { ids } of samples) await store.deleteSamples(ids);
      const { unreachable, kept } = await sortArtifacts(ports, facts, Date.now() - Math.max(ageMs, YOUNG_MS));
      const removed = dryRun ? unreachable : await removeArtifacts(ports, unreachable);
      return {
        dryRun,
        samples: listing(samples.map(({ ids, ...found }) => ({ ...found, evaluations: ids.length }))),
        artifacts: listing(removed),
        keptCheckpoints: listing(keptCheckpoints.map((kept) => ({ ...kept, bytes: 0 }))),
        keptArtifacts: listing(kept),
      } satisfies GcReport;
    },
  };
}

type FoundSamples = Omit<UnreachableSamples, 'evaluations'> & { readonly ids: readonly string[] };

async function sortSamples(
  store: Store,
  { runs, toKeep, ties }: RetentionFacts,
  beforeMs: number,
): Promise<{ keptCheckpoints: KeptCheckpoint[]; samples: FoundSamples[] }> {
  const stored = groupBy(await store.storedSamples(), ({ runId }) => runId);
  const changed = new Map(runs.map(({ runId, updatedAt }) => [runId, updatedAt]));
  const keptCheckpoints: KeptCheckpoint[] = [];
  const samples: FoundSamples[] = [];
  for (const run of toKeep) {
    const { runId } = run;
    const kept = reachable(run, ties);
    for (const [checkpoint, reasons] of kept) keptCheckpoints.push({ runId, checkpoint, reasons });
    // What is drawn at this moment may be of a checkpoint that was not there yet.
    const left = run.busy === undefined ? (stored.get(runId) ?? []) : [];
    const unreachable = left.filter(
      ({ checkpoint, recordedAt }) =>
        (checkpoint === undefined || !kept.has(checkpoint)) &&
        Date.parse(recordedAt ?? changed.get(runId) ?? '') < beforeMs,
    );
    for (const [checkpoint, found] of groupBy(unreachable, (one) => one.checkpoint ?? NEVER_ENDED)) {
      samples.push({ runId, checkpoint, ids: found.map(({ evaluationId }) => evaluationId), ...sums(found) });
    }
  }
  return { keptCheckpoints, samples };
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function sums(found: readonly StoredSamples[]): { samples: number; bytes: number } {
  return {
    samples: found.reduce((total, one) => total + one.samples, 0),
    bytes: found.reduce((total, one) => total + one.bytes, 0),
  };
}

async function sortArtifacts(
  { store, artifacts }: Ports,
  { runs, planning }: RetentionFacts,
  beforeMs: number,
): Promise<{ unreachable: UnreachableArtifact[]; kept: KeptArtifact[] }> {
  const sets = await store.promptSets();
  const known = new Set(sets.map(({ hash }) => hash));
  const sources: Parameters<typeof references>[0][number][] = [
    ...sets.flatMap(({ hash, aliases }) => aliases.map((alias) => ({ reason: `alias ${alias}`, content: hash }))),
    ...runs.map(({ runId, plan }) => ({ reason: `run ${runId}`, content: plan })),
  ];
  for (const { runId } of runs) {
    for (const { id, suite } of await store.appraisals(runId)) sources.push({ reason: id, content: suite });
    for (const { id, promptSet } of await store.evaluations(runId)) sources.push({ reason: id, content: promptSet });
  }
  for (const { runId, plan } of runs) {
    if (plan !== undefined) sources.push({ reason: `run ${runId}`, content: await partsOf(artifacts, plan.dataset) });
  }
  const referred = references(sources);
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
