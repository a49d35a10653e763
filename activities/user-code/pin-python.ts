/** Which Python a run's own files need, made or found before anything is rented. */
import { isCode } from '../../domain/spec/code-spec.ts';
import { isProvided } from '../../domain/spec/grader-spec.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { PinnedPython } from '../../domain/words/plan.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import { pinRequirements } from './interpreters.ts';
import type { UserCode } from './user-code.ts';

interface Ports {
  readonly artifacts: Artifacts;
  readonly userCode: UserCode;
}

/** Undefined where the worker's own will do. */
export async function pinPython({ artifacts, userCode }: Ports, spec: RunSpec): Promise<PinnedPython | undefined> {
  if (!usesPython(spec)) return undefined;
  const { interpreter, requirements } = spec.python ?? {};
  const pinned = {
    ...(interpreter !== undefined && { interpreter }),
    ...(requirements !== undefined && { requirements: await pinRequirements(artifacts, requirements) }),
  };
  await userCode.preparePython(pinned);
  return interpreter === undefined && requirements === undefined ? undefined : pinned;
}

function usesPython({ train, evaluate }: RunSpec): boolean {
  const graders = [evaluate.grader, ...Object.values(evaluate.suites ?? {}).map(({ grader }) => grader)];
  return [train.objective, ...graders].some((choice) => isProvided(choice) || (isCode(choice) && 'python' in choice));
}
