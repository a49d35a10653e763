/** How people name a checkpoint: `RUN@STEP`, `RUN@NAME`, `RUN@best`, `RUN@last`; and the one that is meant. */
import type { StoreReader, StoredCheckpoint, StoredRun } from '../../store/index.ts';
import { namedPlace, placeOf, type NamedPlace } from '../../store/rows/named-place.ts';
import { NotFoundError, UserError } from '../errors.ts';

export interface CheckpointReference {
  /** As `pawl show` takes it. */
  readonly run: string;
  readonly at: NamedPlace;
}

/** A checkpoint that was found, with the run that it belongs to. */
export interface FoundCheckpoint {
  readonly run: StoredRun;
  readonly row: StoredCheckpoint;
}

/** For the help of every command that takes one. */
export const CHECKPOINT_ARGUMENT = 'RUN@STEP, RUN@CHECKPOINT, RUN@best or RUN@last; RUN may be @newest';

/** Where a run by itself stands for its last checkpoint. */
export function orLast(text: string): string {
  return text.lastIndexOf('@') > 0 ? text : `${text}@last`;
}

export function parseCheckpointReference(text: string): CheckpointReference {
  // `@newest` is a run that begins with the mark.
  const own = text.startsWith('@') ? 1 : 0;
  const [name = '', place = '', ...rest] = text.slice(own).split('@');
  const run = text.slice(0, own) + name;
  if (name === '' || place === '' || rest.length > 0) {
    throw new UserError(
      `"${text}" names no checkpoint.`,
      `Write ${CHECKPOINT_ARGUMENT}; \`pawl show RUN\` lists them.`,
    );
  }
  return { run, at: namedPlace(place) };
}

function wordsOf(at: CheckpointReference['at']): string {
  if (at.kind === 'step') return `at step ${at.step}`;
  if (at.kind === 'name') return `"${at.name}"`;
  return at.kind === 'best' ? 'that was evaluated' : 'yet';
}

/** As many names as a line can hold. */
const NAMED = 8;

/** The names there are, as far as a line can hold them. */
function remedyOf(rows: readonly StoredCheckpoint[]): string {
  if (rows.length === 0) return 'It has none at all yet.';
  const names = rows.slice(-NAMED).map(({ checkpoint }) => checkpoint.name);
  return `${rows.length > names.length ? 'Its last ones are' : 'It has'} ${names.join(', ')}.`;
}

/** The one that is meant among a run's; fails, naming the last ones, where there is none. */
export async function checkpointIn(
  reader: Pick<StoreReader, 'checkpointAt' | 'newestCheckpoints'>,
  { runId, spec }: StoredRun,
  at: CheckpointReference['at'],
): Promise<StoredCheckpoint> {
  const found = await reader.checkpointAt(runId, placeOf(at, spec.policy));
  if (found !== undefined) return found;
  const last = await reader.newestCheckpoints(runId, { limit: NAMED + 1 });
  throw new NotFoundError(`Run ${runId} has no checkpoint ${wordsOf(at)}.`, remedyOf(last));
}

/** Looks a reference up. `resolve` makes an id of what was typed, as `Runs.resolve` does. */
export async function lookUpCheckpoint(
  text: string,
  { resolve, reader }: { resolve: (run: string) => Promise<string>; reader: StoreReader | undefined },
): Promise<FoundCheckpoint> {
  const reference = parseCheckpointReference(text);
  const runId = await resolve(reference.run);
  if (reader === undefined) {
    throw new UserError(
      `Nothing is recorded of run ${runId} yet.`,
      'A worker records it once it takes the run: `pawl up`.',
    );
  }
  const run = await reader.getRun(runId);
  return { run, row: await checkpointIn(reader, run, reference.at) };
}
