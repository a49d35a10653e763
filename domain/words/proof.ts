/** A proof: one snapshot is synced and evaluated, by a workflow of its own beside its run. */
import type { Checkpoint, Connection, Target } from './checkpoint.ts';
import type { Scores } from './evaluation.ts';
import type { Plan } from './plan.ts';
import type { RunSpec } from '../spec/spec.ts';

export const PROOF_WORKFLOW_TYPE = 'proof';

/** `number` rises with every proof of a run: part of the ids of its evaluations, so that none is ever used twice. */
export function proofWorkflowId(runId: string, number: number): string {
  return `${runId}-proof-${number}`;
}

export interface ProofInput {
  readonly runId: string;
  readonly number: number;
  readonly checkpoint: Checkpoint;
  readonly target: Target;
  /** Whose session is kept alive meanwhile. */
  readonly connection: Connection;
  readonly plan: Plan;
  readonly evaluate: RunSpec['evaluate'];
  readonly policy: RunSpec['policy'];
  /** Names of the suites that are asked, one after the other. */
  readonly suites: readonly string[];
  /** How often it is synced and evaluated before it is given up. */
  readonly attempts: number;
  /** The replicas serve it already, as far as the run knows. */
  readonly served: boolean;
}

export type ProofResult =
  | ({ readonly kind: 'proved'; readonly seconds: number } & ProvedScores)
  /** What is wrong is on the serving side, or the grader's; training may go on. */
  | { readonly kind: 'unproved'; readonly reason: string }
  /** What the run itself must answer to. */
  | { readonly kind: 'failed'; readonly type?: string; readonly reason: string };

/** Of the suites that were asked. */
interface ProvedScores {
  readonly evaluation?: Scores['evaluation'];
  readonly suites: NonNullable<Scores['suites']>;
}

export type ProofWorkflow = (input: ProofInput) => Promise<ProofResult>;
