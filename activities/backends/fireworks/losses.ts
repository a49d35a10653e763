/** The losses that a trainer has built in: what each reads from an example, and how it is configured. */

/**
 * All are raw sums over tokens, with r = exp(log p − logprobs) and A the advantages:
 *
 * - `cross_entropy`: Σ −log p · weights. Reads `weights`, of any sign.
 * - `importance_sampling`: Σ −r·A. Reads `logprobs` (of the behaviour policy) and `advantages`, as do all below.
 * - `ppo`: Σ −min(r·A, clip(r)·A); clips are absolute ratios, e.g. 0.8 and 1.2.
 * - `cispo`: Σ −detach(clip(r))·log p·A.
 * - `dro`: Σ −(log p·A − ½·beta·(log p − logprobs)²).
 * - `dapo`, `gspo`, `dppo`, `reinforce`: not documented by the platform; test them against the trainer you rent.
 */
export type LossName =
  'cross_entropy' | 'importance_sampling' | 'ppo' | 'cispo' | 'dro' | 'dapo' | 'gspo' | 'dppo' | 'reinforce';

/** A loss and its `loss_fn_config`, as the trainer spells the keys: `{ clip_low_threshold: 0.8 }`. */
export interface Loss {
  readonly name: LossName;
  readonly config?: Readonly<Record<string, number | string | boolean>>;
}

/** Option of a loss, and the capability that a model must have announced for it. */
interface Need {
  readonly when: (loss: Loss) => boolean;
  readonly capability: keyof Capabilities;
}

/** What a model announced when it was created. Absent: unknown, taken for "no". */
export interface Capabilities {
  readonly targetLogprobSupport?: boolean;
  readonly reinforce?: boolean;
  readonly scoreCentering?: boolean;
  readonly policyImportanceSampling?: boolean;
  readonly policyDiagnostics?: boolean;
  readonly routerReplay?: boolean;
}

const NEEDS: readonly Need[] = [
  { when: ({ name }) => name === 'reinforce', capability: 'reinforce' },
  { when: ({ config }) => config?.['score_centering'] === true, capability: 'scoreCentering' },
  { when: ({ config }) => config?.['report_policy_diagnostics'] === true, capability: 'policyDiagnostics' },
  {
    when: ({ config }) => (config?.['target_logprob_support'] ?? 'full_vocabulary') !== 'full_vocabulary',
    capability: 'targetLogprobSupport',
  },
  {
    when: ({ name, config }) =>
      name !== 'reinforce' &&
      (config?.['weighting'] !== undefined || config?.['anchor_logprob_source'] === 'current_detached'),
    capability: 'policyImportanceSampling',
  },
];

/** The first capability that a loss needs and the model lacks. */
export function missingCapability(loss: Loss, capabilities: Capabilities): keyof Capabilities | undefined {
  return NEEDS.find(({ when, capability }) => when(loss) && capabilities[capability] !== true)?.capability;
}
