/** The evaluations that prove a checkpoint: the main suite, then the further ones that are due, of one identity. */
import { activities } from '../activities.ts';
import type { Checkpoint } from '../../domain/words/checkpoint.ts';
import type { Evaluation, EvaluationOutcome, Scores } from '../../domain/words/evaluation.ts';
import { evaluationId, MAIN_SUITE } from '../../domain/words/names.ts';
import { settleLimit } from '../../domain/decide/policy-rules.ts';
import { lastEvaluated, type LiveRun } from './run-state.ts';
import { dueSuites, promptsAsked, suiteOf } from '../../domain/words/suites.ts';

type Scored = { readonly kind: 'scored' } & Scores;
type Void = Extract<EvaluationOutcome, { kind: 'void' }>;

/** One void evaluation makes all of them void: nobody knows how long the replicas served something else. */
export async function evaluateAll(
  live: LiveRun,
  checkpoint: Checkpoint,
  { attempt, final }: { attempt: number; final: boolean },
): Promise<Scored | Void> {
  const { input, plan } = live;
  const { evaluate, train } = input.spec;
  const { step } = checkpoint;
  const baseline = lastEvaluated(live.state) === undefined;
  const main = await evaluateSuite(live, checkpoint, attempt, MAIN_SUITE);
  if (main.kind === 'void') return main;
  const all = baseline || final || step >= train.steps;
  const when = { step, checkpointEvery: input.spec.checkpoint.every, all };
  const further = await evaluateFurther(live, checkpoint, { attempt, suites: dueSuites(evaluate, plan, when) });
  if (further.kind === 'void') return further;
  const { suites } = further;
  return { kind: 'scored', evaluation: main.evaluation, ...(suites.length > 0 && { suites }) };
}

/** One after the other: each has the deployment to itself. */
export async function evaluateFurther(
  live: LiveRun,
  checkpoint: Checkpoint,
  { attempt, suites: names }: { attempt: number; suites: readonly string[] },
): Promise<{ readonly kind: 'scored'; readonly suites: readonly Evaluation[] } | Void> {
  const suites: Evaluation[] = [];
  for (const name of names) {
    const outcome = await evaluateSuite(live, checkpoint, attempt, name);
    if (outcome.kind === 'void') return { kind: 'void', reason: `suite ${name}: ${outcome.reason}` };
    suites.push(outcome.evaluation);
  }
  return { kind: 'scored', suites };
}

/** Where the policy wants it, as many prompts as settle whether the target is reached: the deployment still serves. */
async function evaluateSuite(
  live: LiveRun,
  checkpoint: Checkpoint,
  attempt: number,
  name: string,
): Promise<EvaluationOutcome> {
  const { policy, evaluate } = live.input.spec;
  let outcome = await evaluateOne(live, checkpoint, attempt, { name });
  if (name !== (policy.suite ?? MAIN_SUITE)) return outcome;
  const suite = suiteOf(evaluate, live.plan, name);
  let asked = promptsAsked(suite, undefined);
  while (outcome.kind === 'scored') {
    const limit = settleLimit(policy, outcome.evaluation, { asked, prompts: suite.prompts });
    if (limit === undefined) break;
    outcome = await evaluateOne(live, checkpoint, attempt, { name, limit });
    asked = limit;
  }
  return outcome;
}

function evaluateOne(
  live: LiveRun,
  checkpoint: Checkpoint,
  attempt: number,
  { name, limit }: { name: string; limit?: number },
): Promise<EvaluationOutcome> {
  const { input, state, target, connection, plan } = live;
  if (state.proving === undefined) state.phase = 'evaluate';
  const mark = `${checkpoint.name}/g${state.generation}`;
  const suite = name === MAIN_SUITE ? undefined : name;
  return activities.evaluate({
    runId: input.runId,
    evaluationId: evaluationId(input.runId, mark, attempt, suite),
    connection,
    target,
    checkpoint,
    plan,
    evaluate: input.spec.evaluate,
    ...(suite !== undefined && { suite }),
    ...(limit !== undefined && { limit }),
  });
}
