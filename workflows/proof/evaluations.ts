/** The evaluations that prove a checkpoint: suite after suite, of one identity. */
import { activities } from '../activities.ts';
import { settleLimit } from '../../domain/decide/policy-rules.ts';
import type { Evaluation, EvaluationOutcome } from '../../domain/words/evaluation.ts';
import { evaluationId, MAIN_SUITE } from '../../domain/words/names.ts';
import type { ProofInput } from '../../domain/words/proof.ts';
import { promptsAsked, suiteOf } from '../../domain/words/suites.ts';

type Void = Extract<EvaluationOutcome, { kind: 'void' }>;

export interface Evaluated {
  readonly kind: 'scored';
  readonly evaluation?: Evaluation;
  readonly suites: readonly Evaluation[];
}

/**
 * One after the other: each has the deployment to itself. One void evaluation makes all of them void: nobody knows how
 * long the replicas served something else.
 */
export async function evaluateAll(input: ProofInput, attempt: number): Promise<Evaluated | Void> {
  const found: Evaluation[] = [];
  for (const name of input.suites) {
    const outcome = await evaluateSuite(input, attempt, name);
    if (outcome.kind === 'void') {
      return name === MAIN_SUITE ? outcome : { kind: 'void', reason: `suite ${name}: ${outcome.reason}` };
    }
    found.push(outcome.evaluation);
  }
  const evaluation = found.find(({ suite }) => suite === undefined);
  const suites = found.filter(({ suite }) => suite !== undefined);
  return { kind: 'scored', suites, ...(evaluation !== undefined && { evaluation }) };
}

/** Where the policy wants it, as many prompts as settle whether the target is reached: the deployment still serves. */
async function evaluateSuite(input: ProofInput, attempt: number, name: string): Promise<EvaluationOutcome> {
  const { policy, evaluate, plan } = input;
  let outcome = await evaluateOne(input, attempt, { name });
  if (name !== (policy.suite ?? MAIN_SUITE)) return outcome;
  const suite = suiteOf(evaluate, plan, name);
  let asked = promptsAsked(suite, undefined);
  while (outcome.kind === 'scored') {
    const limit = settleLimit(policy, outcome.evaluation, { asked, prompts: suite.prompts });
    if (limit === undefined) break;
    outcome = await evaluateOne(input, attempt, { name, limit });
    asked = limit;
  }
  return outcome;
}

function evaluateOne(
  { runId, number, target, connection, checkpoint, plan, evaluate }: ProofInput,
  attempt: number,
  { name, limit }: { name: string; limit?: number },
): Promise<EvaluationOutcome> {
  const suite = name === MAIN_SUITE ? undefined : name;
  return activities.evaluate({
    runId,
    evaluationId: evaluationId(runId, { identity: checkpoint.identity, proof: number, attempt }, suite),
    connection,
    target,
    checkpoint,
    plan,
    evaluate,
    ...(suite !== undefined && { suite }),
    ...(limit !== undefined && { limit }),
  });
}
