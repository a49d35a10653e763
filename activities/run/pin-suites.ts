/** Pins what the suites of an experiment depend on, and proves that each can be graded, before anything is rented. */
import { comparison, isLikelihood } from '../../domain/spec/grader-spec.ts';
import { MAIN_SUITE } from '../../domain/words/names.ts';
import { promptsReference } from '../../domain/words/prompts.ts';
import type { PinnedSuite } from '../../domain/words/plan.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import { openPromptSet, type QuestionSettings } from '../data/prompt-set.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { inNormalForm } from '../grading/normal-form.ts';
import { openGrader, pinGrader, type GraderPorts, type Opening } from '../grading/graders.ts';
import { rehearseGrader } from '../grading/rehearse.ts';
import { roomFor, suiteNotes, type SuiteNote } from './suite-notes.ts';
import { pinPromptSet, type PromptRecords } from '../upkeep/prompts.ts';

interface Ports extends GraderPorts {
  /** Where prompt sets are recorded and looked up. */
  readonly store: PromptRecords;
}

interface Model {
  /** Hash of its file. */
  readonly tokenizer: string;
  /** How conversations are rendered. */
  readonly chat: QuestionSettings;
  readonly endToken?: string | undefined;
  /** What the model can hold; Infinity: not known. */
  readonly contextTokens: number;
  /** How graders of the user's own are opened. */
  readonly opening?: Opening | undefined;
  /** Told what is worth a look, and no reason to refuse. */
  readonly onNote: (note: SuiteNote) => Promise<void> | void;
  readonly signal: AbortSignal;
}

/** The main suite first, then the further ones in the experiment's order. */
export async function pinSuites(
  ports: Ports,
  evaluate: RunSpec['evaluate'],
  model: Model,
): Promise<readonly [PinnedSuite, ...PinnedSuite[]]> {
  const main = await pinSuite(ports, MAIN_SUITE, evaluate, model);
  const further: PinnedSuite[] = [];
  for (const [name, spec] of Object.entries(evaluate.suites ?? {})) {
    further.push(await pinSuite(ports, name, spec, model).catch((error: unknown) => raiseOf(name, error)));
  }
  return [main, ...further];
}

/** One suite. */
export async function pinSuite(ports: Ports, name: string, spec: SuiteSpec, model: Model): Promise<PinnedSuite> {
  const { artifacts, compute } = ports;
  const { tokenizer, chat, endToken, contextTokens, signal } = model;
  const room = roomFor(spec, contextTokens);
  const asked = { reference: promptsReference(spec.prompts), tokenizer, chat, ...room };
  const set = await pinPromptSet(ports, asked, signal);
  const pinned = { name, promptSet: set.hash, prompts: set.prompts };
  if (isLikelihood(spec.grader)) {
    const compared = comparison(spec.grader) !== undefined;
    const answers = { promptSet: set.hash, tokenizer: chat.tokenizer, endToken, maxTokens: room.maxTokens, compared };
    const asked = { folder: artifacts.location, ...answers };
    return { ...pinned, references: await compute.run('data.references', asked, { signal }) };
  }
  const prompts = await openPromptSet(artifacts, set.hash);
  const graderModule = await pinGrader(artifacts, spec.grader);
  const grader = await openGrader(ports, spec.grader, graderModule, model.opening);
  await rehearseGrader(inNormalForm(grader, spec.normalize), prompts, signal);
  for await (const note of suiteNotes(ports, { name, spec, promptSet: set.hash, model })) await model.onNote(note);
  return { ...pinned, ...(graderModule !== undefined && { graderModule }) };
}

function raiseOf(suite: string, cause: unknown): never {
  if (!(cause instanceof PawlError)) throw cause;
  throw new PawlError(cause.type, `suite ${suite}: ${cause.message}`, { cause });
}
