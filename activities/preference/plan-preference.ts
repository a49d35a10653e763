/** What a plan says of a run that learns preferences; of every other run, nothing. */
import { needsReference, preferenceRows, preferenceSettings } from '../../domain/spec/preference-spec.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { PreferenceKind } from '../data/preference-rows.ts';
import { referenceKey, referenceNote } from './reference.ts';

/** How the rows of the data are read; undefined: to be learned as they are. */
export function rowsOfPreference({ loop, train }: Pick<RunSpec, 'loop' | 'train'>): PreferenceKind | undefined {
  return loop === 'preference' ? preferenceRows(preferenceSettings(train.preference)) : undefined;
}

/** A pair is two examples of the dataset. */
export function rowsIn(preferences: PreferenceKind | undefined, examples: number): number {
  return preferences === undefined ? examples : examples / 2;
}

/** Where another run of the same data and model had the reference scored, it is there already. */
export async function pinPreference(
  artifacts: Artifacts,
  spec: Pick<RunSpec, 'loop' | 'train'>,
  of: Pick<Plan, 'dataset' | 'baseModel' | 'platform' | 'startFrom'>,
): Promise<Pick<Plan, 'preferences' | 'reference'>> {
  const preferences = rowsOfPreference(spec);
  if (preferences === undefined) return {};
  if (!needsReference(preferenceSettings(spec.train.preference))) return { preferences };
  const { done } = await referenceNote(artifacts, referenceKey(of));
  return { preferences, reference: done === undefined ? {} : { logprobs: done } };
}
