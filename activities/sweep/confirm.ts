/** Prompts by which the best of a sweep are asked again: pinned before anything is rented, and held against its others. */
import { MAIN_SUITE } from '../../domain/words/names.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { PinnedSuite } from '../../domain/words/plan.ts';
import type { SweepInput } from '../../domain/words/sweep-workflow.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { openPromptSet, type QuestionSettings } from '../data/prompt-set.ts';
import type { GraderPorts } from '../grading/graders.ts';
import { overlaps } from '../run/pin-data.ts';
import { pinSuite } from '../run/pin-suites.ts';
import type { PromptRecords } from '../upkeep/prompts.ts';
import { pinPython } from '../user-code/pin-python.ts';

interface Ports extends GraderPorts {
  readonly store: PromptRecords;
}

/** Of the data that was tokenized. */
interface Model {
  readonly tokenizer: string;
  readonly dataset: string;
  readonly chat: QuestionSettings;
  readonly contextTokens: number;
  readonly signal: AbortSignal;
}

interface Confirming {
  readonly suite: PinnedSuite;
  /** Worth a look, and no reason to refuse. */
  readonly notes: readonly string[];
}

/** The suite that a sweep judges by, asked of other prompts: all of them. */
export function confirmingSuite(evaluate: RunSpec['evaluate'], suite: string, prompts: string): SuiteSpec {
  const { every: _every, limit: _limit, ...spec } = ownSpec(evaluate, suite);
  return { ...spec, prompts };
}

function ownSpec(evaluate: RunSpec['evaluate'], suite: string): SuiteSpec & { every?: unknown } {
  if (suite !== MAIN_SUITE) return evaluate.suites?.[suite] ?? evaluate;
  const { suites: _suites, loss: _loss, mode: _mode, concurrency: _concurrency, ...main } = evaluate;
  return main;
}

/** Refused where a trial is chosen by one of these prompts. */
export async function pinConfirming(
  ports: Ports,
  { spec, experiment }: SweepInput,
  { suite, prompts, model }: { suite: string; prompts: string; model: Model },
): Promise<Confirming> {
  const { artifacts } = ports;
  const { dataset, signal, ...rest } = model;
  const notes: string[] = [];
  const pinned = {
    ...rest,
    endToken: experiment.data.endToken,
    opening: { python: await pinPython(ports, experiment) },
    onNote: ({ message }: { readonly message: string }) => void notes.push(message),
    signal,
  };
  const asked = confirmingSuite(experiment.evaluate, suite, prompts);
  const confirming = await pinSuite(ports, MAIN_SUITE, asked, pinned).catch((error: unknown) => {
    throw error instanceof PawlError ? new PawlError(error.type, `confirm: ${error.message}`, { cause: error }) : error;
  });
  const own = await pinSuite(ports, suite, ownSpec(experiment.evaluate, suite), { ...pinned, onNote: () => undefined });
  const shared = await sharedPrompts(artifacts, own.promptSet, confirming.promptSet);
  if (shared > 0) {
    throw new PawlError(
      'InvalidRequest',
      `confirm.prompts: ${shared} of ${confirming.prompts} prompts are among those of suite ${suite}, by which ` +
        `${spec.name} chooses. Name prompts that no trial is chosen by, or the best would be flattered again.`,
    );
  }
  const suites = [{ ...confirming, name: 'confirm' }];
  for await (const { message } of overlaps(ports, { dataset, suites, signal })) notes.push(message);
  return { suite: confirming, notes: notes.map((note) => `confirm: ${note}`) };
}

/** By their tokens, whatever they are graded by. */
async function sharedPrompts(artifacts: Artifacts, one: string, other: string): Promise<number> {
  const known = new Set((await openPromptSet(artifacts, one)).map(({ tokens }) => tokens.join(' ')));
  return (await openPromptSet(artifacts, other)).filter(({ tokens }) => known.has(tokens.join(' '))).length;
}
