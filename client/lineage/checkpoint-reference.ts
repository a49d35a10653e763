/** How people name a checkpoint: `RUN@STEP`, `RUN@NAME`, `RUN@best`, `RUN@last`; and the one that is meant. */
import type { StoreReader, StoredCheckpoint, StoredRun } from '../../store/index.ts';
import { branchPoint, judgedEvaluations } from '../../domain/decide/policy-scores.ts';
import { UserError } from '../errors.ts';

export interface CheckpointReference {
  /** As `pawl show` takes it. */
  readonly run: string;
  readonly at:
    | { readonly kind: 'step'; readonly step: number }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'best' }
    | { readonly kind: 'last' };
}

/** A checkpoint that was found, with the run that it belongs to. */
export interface FoundCheckpoint {
  readonly run: StoredRun;
  readonly row: StoredCheckpoint;
  /** All of the run's, in order. */
  readonly rows: readonly StoredCheckpoint[];
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
  if (place === 'best' || place === 'last') return { run, at: { kind: place } };
  if (/^\d+$/.test(place)) return { run, at: { kind: 'step', step: Number(place) } };
  return { run, at: { kind: 'name', name: place } };
}

/**
 * The checkpoint that is meant among those of a run, which come in order. Of several at one step it is the last: that of
 * the newest generation, and the final base rather than the delta it was made from.
 */
export function findCheckpoint(
  rows: readonly StoredCheckpoint[],
  { run, at }: CheckpointReference,
  policy: StoredRun['spec']['policy'],
): StoredCheckpoint {
  const found = pick(rows, at, policy);
  if (found !== undefined) return found;
  throw new UserError(`Run ${run} has no checkpoint ${wordsOf(at)}.`, remedyOf(rows));
}

function pick(
  rows: readonly StoredCheckpoint[],
  at: CheckpointReference['at'],
  policy: StoredRun['spec']['policy'],
): StoredCheckpoint | undefined {
  switch (at.kind) {
    case 'last':
      return rows.at(-1);
    case 'step':
      return rows.findLast(({ checkpoint }) => checkpoint.step === at.step);
    case 'name':
      return rows.find(({ checkpoint }) => checkpoint.name === at.name || checkpoint.identity === at.name);
    case 'best': {
      const name = branchPoint(policy, judgedEvaluations(policy, rows));
      return rows.find(({ checkpoint }) => checkpoint.name === name);
    }
    default:
      return at satisfies never;
  }
}

function wordsOf(at: CheckpointReference['at']): string {
  if (at.kind === 'step') return `at step ${at.step}`;
  if (at.kind === 'name') return `"${at.name}"`;
  return at.kind === 'best' ? 'that was evaluated' : 'yet';
}

/** The names there are, as far as a line can hold them. */
function remedyOf(rows: readonly StoredCheckpoint[]): string {
  if (rows.length === 0) return 'It has none at all yet.';
  const names = rows.slice(-8).map(({ checkpoint }) => checkpoint.name);
  return `${rows.length > names.length ? 'Its last ones are' : 'It has'} ${names.join(', ')}.`;
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
  const [run, rows] = await Promise.all([reader.getRun(runId), reader.checkpointReports(runId)]);
  const row = findCheckpoint(rows, { ...reference, run: runId }, run.spec.policy);
  return { run, row, rows };
}
