/** Reads what to decide by from a file: a policy by itself, or the `policy` and `budget` of an experiment. */
import { RunSpec } from '../../domain/spec/spec.ts';
import { contradictions } from '../../files/experiment/checks.ts';
import { problemsOf, type Problem } from '../../files/experiment/problems.ts';
import { openYaml } from '../../files/experiment/experiment-file.ts';
import type { Rules } from './replay-policy.ts';

const Sections = RunSpec.pick({ policy: true, budget: true });

/** Where the file has no budget, the run keeps its own; fails with an `ExperimentError` that lists every problem. */
export async function readRules(file: string, spec: RunSpec): Promise<Rules> {
  const { value, errorOf } = await openYaml(file);
  const bare = !isExperiment(value);
  const report = (problems: readonly Problem[]): Error => errorOf(bare ? problems.map(withoutSection) : problems);
  const sections = { policy: bare ? value : value.policy, budget: bare ? undefined : value.budget };
  const parsed = Sections.safeParse(sections);
  if (!parsed.success) throw report(problemsOf(Sections, sections, parsed.error.issues));
  const { policy } = parsed.data;
  const budget = sections.budget === undefined ? spec.budget : parsed.data.budget;
  const problems = contradictions({ ...spec, policy, budget }).filter(({ path: [section] }) => isSection(section));
  if (problems.length > 0) throw report(problems);
  return { policy, budget };
}

function isExperiment(value: unknown): value is { policy?: unknown; budget?: unknown } {
  return typeof value === 'object' && value !== null && ['policy', 'budget', 'train'].some((key) => key in value);
}

function isSection(key: PropertyKey | undefined): boolean {
  return key === 'policy' || key === 'budget';
}

function withoutSection({ path, message }: Problem): Problem {
  return { path: path[0] === 'policy' ? path.slice(1) : path, message };
}
