/** What the schema cannot see of an experiment that learns preferences: fields that belong to the other kind of loop. */
import { needsReference, preferenceSettings } from '../../domain/spec/preference-spec.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Problem } from './problems.ts';

export function preferenceProblems(spec: RunSpec): Problem[] {
  return spec.loop === 'preference' ? preferenceOnes(spec) : supervisedOnes(spec);
}

function supervisedOnes({ train, model }: RunSpec): Problem[] {
  const problems: Problem[] = [];
  if (train.preference !== undefined) {
    problems.push({ path: ['train', 'preference'], message: 'belongs to loop: preference. Say so, or leave it out.' });
  }
  if (model.referenceShape !== undefined) {
    problems.push({ path: ['model', 'referenceShape'], message: 'belongs to loop: preference. Leave it out.' });
  }
  return problems;
}

function preferenceOnes({ train, model, data }: RunSpec): Problem[] {
  const problems: Problem[] = [];
  if (train.objective !== undefined) {
    problems.push({
      path: ['train', 'objective'],
      message: 'a run that learns preferences minimises train.preference. Leave it out.',
    });
  }
  if (data.format !== undefined) {
    problems.push({
      path: ['data', 'format'],
      message: 'rows of preferences are seen by what they hold. Leave it out.',
    });
  }
  if (data.trainOn === 'each-assistant') {
    problems.push({
      path: ['data', 'trainOn'],
      message: 'an answer that is preferred is one example. Leave it out, or say last-assistant.',
    });
  }
  if (model.referenceShape === undefined) return problems;
  const settings = preferenceSettings(train.preference);
  if (!needsReference(settings)) {
    const message = `the loss ${settings.loss} compares with no reference. Leave it out.`;
    problems.push({ path: ['model', 'referenceShape'], message });
  } else if (model.lora !== undefined) {
    const message = 'with lora the reference is the base model on the same trainer. Leave it out.';
    problems.push({ path: ['model', 'referenceShape'], message });
  }
  return problems;
}
