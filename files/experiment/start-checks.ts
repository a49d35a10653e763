/** What the schema cannot see of weights to begin with: what they are must fit what is trained. */
import { needsReference, preferenceSettings } from '../../domain/spec/preference-spec.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Problem } from './problems.ts';

export function startProblems({ loop, train, model }: RunSpec): Problem[] {
  const { startFrom } = train;
  if (startFrom === undefined || model.lora !== undefined) return [];
  const path = ['train', 'startFrom'];
  if (!startFrom.includes('@')) {
    const message = 'is an adapter, and a run without model.lora trains every weight. Add model.lora: {rank: …}.';
    return [{ path, against: 'model.lora', message }];
  }
  if (loop !== 'preference' || !needsReference(preferenceSettings(train.preference))) return [];
  const message =
    'the loss compares with what training begins with, and a frozen trainer has the base model. Promote the checkpoint ' +
    '(pawl promote RUN@STEP --to NAME), and set model.base: alias:NAME.';
  return [{ path, message }];
}
