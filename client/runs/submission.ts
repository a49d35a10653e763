/** Submitting a run under an id of one's own: however often it is asked for, it is one run. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { RunSpec } from '../../domain/spec/spec.ts';
import { changeText, fieldChanges } from '../../domain/spec/spec-changes.ts';
import type { RunInput } from '../../domain/words/run.ts';
import { UserError } from '../errors.ts';
import { withPinnedDate } from '../../files/experiment/pinned-date.ts';
import { isNamed } from '../temporal/failure.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';
import type { RunStore } from './run-store.ts';

export interface Submitted {
  readonly runId: string;
  /** The run was there before. */
  readonly existed: boolean;
}

interface Ports {
  readonly temporal: Pick<TemporalLink, 'start' | 'submittedInput'>;
  readonly store: RunStore;
}

/** As long as the ids that pawl makes: it begins the names of machines, which platforms limit. */
const RUN_ID = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
const CHANGES_SHOWN = 4;

/** The same id with the same experiment is the same run; with another experiment it is refused. */
export async function submitAs(ports: Ports, runId: string, spec: RunSpec): Promise<Submitted> {
  if (!RUN_ID.test(runId)) {
    throw new UserError(
      `"${runId}" cannot be the id of a run.`,
      'Use 1 to 40 lower-case letters, digits and hyphens, a letter or digit first and last, e.g. nightly-2026-11-27.',
    );
  }
  if (await existing(ports, runId, spec)) return { runId, existed: true };
  try {
    await ports.temporal.start(inputOf(runId, await withPinnedDate(spec)));
    return { runId, existed: false };
  } catch (error) {
    // Somebody else was faster, or this very call was repeated.
    if (!isNamed(error, 'WorkflowExecutionAlreadyStartedError')) throw error;
    if (await existing(ports, runId, spec)) return { runId, existed: true };
    throw error;
  }
}

/** The mark of snapshots follows from the id, so that two who submit at the same time submit the same. */
function inputOf(runId: string, spec: RunSpec): RunInput {
  return { runId, runHex: createHash('sha256').update(runId).digest('hex').slice(0, 8), spec };
}

/** What a run was started with, as far as it counts here; a later pawl may read it otherwise, which then differs. */
const StartedWith = z.object({ spec: RunSpec, parent: z.object({ runId: z.string() }).optional() });

async function existing({ temporal, store }: Ports, runId: string, spec: RunSpec): Promise<boolean> {
  const stored = await store.run(runId);
  // The store also finds runs by the beginning of their ids.
  const known: unknown = stored?.runId === runId ? stored : await temporal.submittedInput(runId);
  if (known === undefined) return false;
  const before = StartedWith.safeParse(known);
  if (!before.success) throw taken(runId, 'with an experiment that this version of pawl does not read');
  const { parent, spec: submitted } = before.data;
  if (parent !== undefined) throw taken(runId, `as a branch of ${parent.runId}`);
  const changes = fieldChanges(submitted, asOf(submitted, spec));
  if (changes.length === 0) return true;
  const shown = changes.slice(0, CHANGES_SHOWN).map(changeText).join(', ');
  const more = changes.length > CHANGES_SHOWN ? `, and ${changes.length - CHANGES_SHOWN} more` : '';
  throw taken(runId, `with another experiment (${shown}${more})`);
}

/** Who repeats a submission on another day asks for the same data, of the day that was written down then. */
function asOf({ data: { date } }: RunSpec, spec: RunSpec): RunSpec {
  if (date === undefined || spec.data.date !== undefined) return spec;
  return { ...spec, data: { ...spec.data, date } };
}

function taken(runId: string, how: string): UserError {
  return new UserError(
    `There is a run ${runId} already, ${how}.`,
    'Choose another id, or submit the experiment that it was submitted with.',
  );
}
