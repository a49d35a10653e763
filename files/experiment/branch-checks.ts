/** What a branch may change, and whether the branches of a policy could be runs at all. */
import { RunSpec } from '../../domain/spec/spec.ts';
import { fieldChanges, withSettings, type Settings } from '../../domain/spec/spec-changes.ts';
import type { SpecChange } from '../../domain/spec/spec-changes.ts';
import { problemsOf, type Problem } from './problems.ts';

/** A saved state is one of a certain model: another one cannot load it. */
const OF_THE_MODEL = /^(model\.(base|tokenizer|lora)|train\.startFrom)(\.|$)/;

export function unfitting(changes: readonly SpecChange[]): Problem[] {
  return changes
    .filter(({ path }) => OF_THE_MODEL.test(path))
    .map(({ path }) => ({
      path: path.split('.'),
      message:
        'a branch goes on with its parent’s weights, so it cannot have another model. Start a run: pawl run FILE.',
    }));
}

/**
 * Better said now than days later, when the plateau is reached. `check` is what every experiment has to pass beside the
 * schema.
 */
export function policyBranchProblems(spec: RunSpec, check: (spec: RunSpec) => readonly Problem[]): Problem[] {
  const sets = spec.policy.plateau?.branches ?? [];
  return sets.flatMap((settings, index) => {
    const at = ['policy', 'plateau', 'branches', index];
    return problemsOfBranch(spec, settings, check).map(({ path, message }) => ({
      path: at,
      message: path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
    }));
  });
}

function problemsOfBranch(
  spec: RunSpec,
  settings: Settings,
  check: (spec: RunSpec) => readonly Problem[],
): readonly Problem[] {
  const { plateau: _, ...policy } = spec.policy;
  const parent = { ...spec, policy };
  const value = withSettings(parent, settings);
  const parsed = RunSpec.safeParse(value);
  if (!parsed.success) return problemsOf(RunSpec, value, parsed.error.issues);
  const changes = fieldChanges(parent, parsed.data);
  if (changes.length > 0) return [...unfitting(changes), ...check(parsed.data)];
  const fields = Object.keys(settings).join(', ');
  return [{ path: [], message: `the experiment has these values already. Change one of ${fields}.` }];
}
