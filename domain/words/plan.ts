/** What planning pins: from here on a run depends on hashes, not on files that may change under it. */

import type { Place } from './place.ts';
import type { PinnedStart } from './start-from.ts';

/** What a further suite depends on; of the main one the plan itself says it. */
export interface PinnedSuite {
  readonly name: string;
  /** Artifact (sha256) of the tokenized prompt set. */
  readonly promptSet: string;
  readonly prompts: number;
  /** Artifact (sha256) of the grader's module, if it is the user's own. */
  readonly graderModule?: string;
  /** Artifact (sha256) of the references as tokens, where the grader asks how likely they are. */
  readonly references?: string;
}

/** A training shape as the platform resolved it; `reference` names the exact version. */
export interface ResolvedShape {
  readonly reference: string;
  readonly baseModel: string;
  readonly maxContextTokens: number;
  readonly acceleratorType: string;
  readonly acceleratorCount: number;
  readonly deploymentShape: string;
}

/** The Python that runs the user's own files, where it is not the worker's. */
export interface PinnedPython {
  readonly interpreter?: string;
  /** Artifact (sha256) of the list of packages that are installed for it. */
  readonly requirements?: string;
}

/** What a frozen model thinks of every example of the dataset. */
interface PinnedReference {
  /** Artifact (sha256) of its log-probabilities; absent: still to be computed. */
  readonly logprobs?: string;
}

/** Batches are made by tokens. */
interface PinnedLengths {
  /** Artifact (sha256) of the rows in the order of their length. */
  readonly order: string;
  /** Tokens of a batch, at most. */
  readonly budget: number;
}

/** Rows that are not trained on, whose loss is told at each checkpoint. */
interface PinnedValidation {
  /** Artifact (sha256) of the tokenized examples. */
  readonly dataset: string;
  /** Examples, pairs, or labelled rows. */
  readonly rows: number;
  /** That it takes to ask for all of them: a fixed number, so that sequence numbers can be planned. */
  readonly requests: number;
  /** Absent: the loss compares with no reference. */
  readonly reference?: PinnedReference;
}

/** What `plan` pinned: from here on a run depends on hashes, not on files that may change under it. */
export interface Plan extends Place {
  readonly shape: ResolvedShape;
  readonly baseModel: string;
  /** Artifact (sha256) of the tokenized training examples. */
  readonly dataset: string;
  readonly examples: number;
  readonly examplesDropped: number;
  /** Optimizer steps, where the spec gives epochs. */
  readonly steps?: number;
  /** Artifact (sha256) of the tokenized prompt set. */
  readonly promptSet: string;
  readonly prompts: number;
  /** The further suites of the spec, in its order. */
  readonly suites?: readonly PinnedSuite[];
  /** Stop string of every sample, if the spec names an end token. */
  readonly stop?: string;
  /** forward_backward requests per step: a fixed number, so that sequence numbers can be planned. */
  readonly chunksPerStep: number;
  /** All requests of a step: its chunks, once per pass that the objective takes, and the update. */
  readonly requestsPerStep: number;
  /** Artifact (sha256) of the objective's module, if it is the user's own. */
  readonly objectiveModule?: string;
  /** Artifact (sha256) of the grader's module, if it is the user's own. */
  readonly graderModule?: string;
  /** Artifact (sha256) of the main suite's references as tokens, where its grader asks how likely they are. */
  readonly references?: string;
  readonly python?: PinnedPython;
  /** Absent: a batch is a number of rows. */
  readonly lengths?: PinnedLengths;
  /** Preferences are learned: `examples` counts pairs (or labelled rows), of which each is two examples of the dataset. */
  readonly preferences?: 'pairs' | 'labelled';
  /** Absent: the loss compares with no reference. */
  readonly reference?: PinnedReference;
  /** What the weights begin with; absent: the base model, or the parent's checkpoint. */
  readonly startFrom?: PinnedStart;
  /** Absent: no loss but that of training is told. */
  readonly validation?: PinnedValidation;
  /** Rented price of an hour of this run, in `spec.prices.currency`. */
  readonly costPerHour: number;
}
