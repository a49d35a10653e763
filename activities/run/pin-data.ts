/** Pins what an experiment is trained on, and finds what of it the suites ask: for a plan, and for a look beforehand. */
import type { RunSpec } from '../../domain/spec/spec.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import type { PinnedSuite } from '../../domain/words/plan.ts';
import { importDataset, type DatasetImport, type ImportedDataset, type ImportPorts } from '../data/import-dataset.ts';
import { foundInDataset } from '../data/overlap.ts';
import { rowsOfPreference } from '../preference/plan-preference.ts';
import type { QuestionSettings } from '../data/prompt-set.ts';

/** How conversations are rendered and texts begun, in rows and prompts alike; `date`: YYYY-MM-DD, where the spec has none. */
export function chatOf({ model, data }: RunSpec, date: string): QuestionSettings {
  return {
    tokenizer: model.tokenizer,
    template: data.chatTemplate,
    arguments: data.chatTemplateArguments,
    addBeginning: data.addBeginning,
    date: data.date ?? date,
    remedy: 'set data.chatTemplate to a Jinja file',
  };
}

export interface PinData extends Pick<DatasetImport, 'signal' | 'onProgress' | 'onUnpacked'> {
  readonly chat: QuestionSettings;
  /** What the model can hold; absent: not known. */
  readonly contextTokens?: number | undefined;
}

/** What is trained on: all rows but those that are held out. */
export async function pinData(ports: ImportPorts, spec: RunSpec, how: PinData): Promise<ImportedDataset> {
  const { train, holdout } = spec.data;
  const others = holdout === undefined ? undefined : ({ fraction: holdout, side: 'trained' } as const);
  return importRows(ports, spec, { train, holdout: others }, how);
}

/** Rows as the spec says that they are read. */
export async function importRows(
  ports: ImportPorts,
  spec: RunSpec,
  rows: Pick<DatasetImport, 'train' | 'field' | 'holdout'>,
  { chat, contextTokens, ...watching }: PinData,
): Promise<ImportedDataset> {
  const { endToken, trainOn, format, ignore } = spec.data;
  const { remedy: _, ...settings } = chat;
  return importDataset(ports, {
    ...rows,
    chat: { ...settings, trainOn, format, ignore },
    maxTokens: exampleTokens(spec, contextTokens),
    contextTokens,
    endToken,
    preferences: rowsOfPreference(spec),
    ...watching,
  });
}

/** Of an example: the tighter of what the spec asks for and what the model can hold. */
export function exampleTokens({ data }: RunSpec, contextTokens = Infinity): number {
  return Math.min(data.maxTokens, contextTokens);
}

export interface Overlap {
  readonly suite: string;
  /** Prompts that are in the training data too. */
  readonly overlapping: number;
  readonly message: string;
}

/** Told, not refused: to see how well something was learned by heart is a fair question too. */
export async function* overlaps(
  ports: ImportPorts,
  { dataset, suites, signal }: { dataset: string; suites: readonly PinnedSuite[]; signal: AbortSignal },
): AsyncGenerator<Overlap> {
  // Two hundred suites may share one set of prompts.
  const counts = new Map<string, number>();
  for (const { name, promptSet, prompts } of suites) {
    const sought = { promptSet };
    const overlapping = counts.get(promptSet) ?? (await foundInDataset(ports, { dataset, sought, signal })).size;
    counts.set(promptSet, overlapping);
    if (overlapping === 0) continue;
    const of = name === MAIN_SUITE ? 'the evaluation' : `suite ${name}`;
    yield {
      suite: name,
      overlapping,
      message: `${overlapping} of ${prompts} prompts of ${of} are in the training data too`,
    };
  }
}
