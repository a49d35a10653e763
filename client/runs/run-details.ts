/** What `show` reads of a run: a page of its checkpoints, its course, its last steps and events, however long it is. */
import type { StoredCheckpoint, StoreReader } from '../../store/index.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import { NotFoundError } from '../errors.ts';
import type { RunDetails, RunView } from './run-view.ts';

/** Which checkpoints are shown. */
export interface CheckpointPage {
  /** So many at most; default 1,000. */
  readonly checkpoints?: number;
  /** Those before this one, by its name; default: the last ones. */
  readonly before?: string;
}

type Recorded = Omit<RunDetails, keyof RunView | 'branches'>;

const CHECKPOINTS = 1_000;
const STEPS = 1_000;
const EVENTS = 1_000;
const SPANS = 100;

export const NOTHING_RECORDED: Recorded = {
  checkpoints: [],
  checkpointCount: 0,
  landmarks: [],
  steps: [],
  curve: [],
  rewinds: [],
  changes: [],
  appraisals: [],
  events: [],
};

export async function readDetails(
  reader: StoreReader,
  { runId, stored }: RunView,
  { checkpoints: limit = CHECKPOINTS, before }: CheckpointPage,
): Promise<Recorded> {
  if (before !== undefined && (await reader.checkpointAt(runId, { kind: 'name', name: before })) === undefined) {
    throw new NotFoundError(`Run ${runId} has no checkpoint "${before}".`, '`pawl show RUN` lists the last ones.');
  }
  const page = await reader.newestCheckpoints(runId, { limit, ...(before !== undefined && { before }) });
  const shown = new Set(page.map(({ checkpoint }) => checkpoint.name));
  const landmarks = await landmarksOf(reader, runId, stored);
  return {
    checkpoints: page,
    checkpointCount: await reader.countCheckpoints(runId),
    landmarks: landmarks.filter(({ checkpoint }) => !shown.has(checkpoint.name)),
    steps: await reader.newestSteps(runId, { limit: STEPS }),
    curve: await reader.stepSpans(runId, { spans: SPANS }),
    rewinds: await reader.rewinds(runId),
    changes: await reader.specChanges(runId),
    appraisals: await reader.appraisals(runId),
    events: await reader.newestEvents(runId, { limit: EVENTS }),
  };
}

async function landmarksOf(
  reader: StoreReader,
  runId: string,
  stored: RunView['stored'],
): Promise<readonly StoredCheckpoint[]> {
  if (stored === undefined) return [];
  const { direction, suite = MAIN_SUITE } = stored.spec.policy;
  const [baseline, best] = [
    await reader.checkpointAt(runId, { kind: 'baseline' }),
    await reader.checkpointAt(runId, { kind: 'best', direction, ...(suite !== MAIN_SUITE && { suite }) }),
  ];
  const found = [baseline, best].flatMap((row) => row ?? []);
  return found.filter((row, index) => index === 0 || row.checkpoint.name !== found[0]?.checkpoint.name);
}
