/** From an experiment's choice to an objective: one that comes with pawl, or a file of the user's, pinned by its hash. */
import { codePath, isCode } from '../../domain/spec/code-spec.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { PinnedPython } from '../../domain/words/plan.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { codeOf, pinCode } from '../user-code/code.ts';
import type { UserCode } from '../user-code/user-code.ts';
import { focal, sequenceMean } from './built-in.ts';
import { evaluateObjective, type Objective } from './objective.ts';
import { rehearseObjective } from './rehearse.ts';
import type { RunObjective } from './run-objective.ts';

type Choice = NonNullable<RunSpec['train']['objective']>;
type Options = Choice['options'];

export interface ObjectivePorts {
  readonly artifacts: Artifacts;
  readonly userCode: UserCode;
  /** The worker's variables that an experiment may name. */
  readonly secrets: ReadonlyMap<string, string>;
}

interface Opening {
  readonly python?: PinnedPython | undefined;
  /** Told what the user's own code prints. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

const BUILT_IN: Readonly<Record<Exclude<Extract<Choice, { name: string }>['name'], 'cross_entropy'>, Build>> = {
  focal: ({ gamma }) => focal(typeof gamma === 'number' ? { gamma } : {}),
  sequence_mean: () => sequenceMean(),
};
type Build = (options: Options) => Objective;

const FIELD = 'train.objective';

/** Stores a user's file, and proves before anything is rented that the objective can be computed. */
export async function pinObjective(
  ports: ObjectivePorts,
  choice: Choice | undefined,
  signal: AbortSignal,
  opening: Opening = {},
): Promise<{ readonly custom: boolean; readonly module?: string }> {
  if (choice === undefined || isNative(choice)) return { custom: false };
  if (!isCode(choice)) return { custom: true };
  const place = { field: FIELD, path: codePath(choice) };
  const module = await pinCode(ports.artifacts, place);
  const objective = loadObjective(ports, choice, module, opening);
  if (objective !== undefined) {
    await rehearseObjective(objective, { place, checkGradient: choice.checkGradient, signal });
  }
  return { custom: true, module };
}

/** The objective of a run, or undefined where the trainer's own cross-entropy is meant. */
export function loadObjective(
  { userCode, secrets }: ObjectivePorts,
  choice: Choice | undefined,
  pinned: string | undefined,
  { python, onOutput }: Opening = {},
): RunObjective | undefined {
  if (choice === undefined) return undefined;
  if (isCode(choice)) {
    const code = codeOf(choice, { field: FIELD, role: 'objective', pinned, python, secrets });
    return { name: codePath(choice), evaluate: userCode.objective(code, onOutput) };
  }
  if (choice.name === 'cross_entropy') return undefined;
  return computedHere(BUILT_IN[choice.name](choice.options));
}

/** An objective of ours: it needs no process. */
export function computedHere(objective: Objective): RunObjective {
  return {
    name: objective.name,
    evaluate: async (examples, logprobs) => ({
      ...(await evaluateObjective(objective, examples, logprobs)),
      ownGradient: false,
    }),
  };
}

function isNative(choice: Choice): boolean {
  return 'name' in choice && choice.name === 'cross_entropy';
}
