/** What a plan says of validation: which rows are held out, or come from a file of their own, and what they take. */
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Plan } from '../../domain/words/plan.ts';
import { needsReference, preferenceSettings } from '../../domain/spec/preference-spec.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { ImportedDataset, ImportPorts } from '../data/import-dataset.ts';
import { foundInDataset } from '../data/overlap.ts';
import { rowsIn, rowsOfPreference } from '../preference/plan-preference.ts';
import { referenceKey, referenceNote } from '../preference/reference.ts';
import { examplesPerPass } from '../run/forward-pass.ts';
import { importRows, type PinData } from '../run/pin-data.ts';

/** Tokenized as training data is; undefined: the spec asks for none. */
export async function importValidation(
  ports: ImportPorts,
  spec: RunSpec,
  how: PinData,
): Promise<ImportedDataset | undefined> {
  const { holdout, train } = spec.data;
  if (holdout !== undefined) {
    const heldOut = { fraction: holdout, side: 'held out' } as const;
    return importRows(ports, spec, { train, holdout: heldOut }, how);
  }
  const { loss } = spec.evaluate;
  return loss && importRows(ports, spec, { train: loss.data, field: 'evaluate.loss.data' }, how);
}

/** Examples, pairs, or labelled rows. */
export function validationRows(spec: RunSpec, { examples }: Pick<ImportedDataset, 'examples'>): number {
  return rowsIn(rowsOfPreference(spec), examples);
}

/**
 * A warning where rows that the spec names for it are trained on too, token by token; what is held out of the training data
 * is not in it. Of a pair one of its two answers is enough.
 */
export async function validationOverlap(
  ports: ImportPorts,
  spec: RunSpec,
  { trained, imported, signal }: { trained: string; imported: ImportedDataset | undefined; signal: AbortSignal },
): Promise<string | undefined> {
  if (spec.evaluate.loss === undefined || imported === undefined) return undefined;
  const sought = { examplesOf: imported.hash };
  const found = await foundInDataset(ports, { dataset: trained, sought, signal });
  const perRow = imported.examples / validationRows(spec, imported);
  const rows = new Set([...found].map((example) => Math.floor(example / perRow))).size;
  if (rows === 0) return undefined;
  return `${rows} of ${validationRows(spec, imported)} rows of evaluate.loss are in the training data too`;
}

export async function pinValidation(
  artifacts: Artifacts,
  spec: RunSpec,
  { imported, ...of }: Pick<Plan, 'baseModel' | 'platform' | 'startFrom'> & { readonly imported: ImportedDataset },
): Promise<NonNullable<Plan['validation']>> {
  const { hash: dataset, examples, maxExampleTokens } = imported;
  const requests = Math.ceil(examples / examplesPerPass(maxExampleTokens));
  const pinned = { dataset, rows: validationRows(spec, imported), requests };
  const compares = spec.loop === 'preference' && needsReference(preferenceSettings(spec.train.preference));
  if (!compares) return pinned;
  const { done } = await referenceNote(artifacts, referenceKey({ dataset, ...of }));
  return { ...pinned, reference: done === undefined ? {} : { logprobs: done } };
}
