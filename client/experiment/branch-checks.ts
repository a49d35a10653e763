/** What a branch may change, and whether the branches of a policy could be runs at all. */
import { RunSpec, specChanges, withSettings, type SpecChange } from '../../workflows/contracts.ts';
import { problemsOf, type Problem } from './problems.ts';

/** A saved state is one of a certain model: another one cannot load it. */
const OF_THE_MODEL = /^model\.(base|tokenizer|lora)(\.|$)/;

export function unfitting(changes: readonly SpecChange[]): Problem[] {
  return changes
    .filter(({ path }) => OF_THE_MODEL.test(path))
    .map(({ path }) => ({
      path: path.split('.'),
      message:
        'a branch goes on with its parent’s weights, so it cannot have another model. Start a run: pawl run FILE.',
    }));
}

/** Better said now than days later, when the plateau is reached. */
export function policyBranchProblems(spec: RunSpec): Problem[] {
  const sets = spec.policy.plateau?.branches ?? [];
  return sets.flatMap((settings, index) => {
    const at = ['policy', 'plateau', 'branches', index];
    const value = withSettings(spec, settings);
    const parsed = RunSpec.safeParse(value);
    const problems = parsed.success
      ? unfitting(specChanges(spec, parsed.data))
      : problemsOf(RunSpec, value, parsed.error.issues);
    return problems.map(({ path, message }) => ({ path: at, message: `${path.map(String).join('.')}: ${message}` }));
  });
}
