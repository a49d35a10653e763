/** The id of a new run: drawn once, here, because a workflow may not draw lots. */
import { randomBytes } from 'node:crypto';
import type { RunInput } from '../../domain/words/run.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';

/** Id and snapshot mark share their eight digits, so that a snapshot's name shows whose it is. */
export function newRunInput(spec: RunSpec, runHex = randomBytes(4).toString('hex')): RunInput {
  return { runId: `${spec.name}-${runHex}`, runHex, spec };
}
