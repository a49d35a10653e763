/**
 * Objectives that come with pawl. `weights` are coefficients: zero where a token is not trained, and otherwise its share
 * of the batch, so that a sum over tokens is a mean. Those over pairs read them as a mask, and average over the pairs.
 */
import type { DifferentiableObjective, ObjectiveBatch, ObjectiveExample } from './objective.ts';
import type { Values } from './values.ts';

/** Σ −log p · w: the trainer's own `cross_entropy`, spelled out. */
export function crossEntropy(): DifferentiableObjective {
  return {
    name: 'cross_entropy',
    needs: ['weights'],
    loss: ({ logprobs, input }) => logprobs.mul(input('weights')).sum().neg(),
  };
}

/** Cross-entropy that turns away from tokens which the model already knows: Σ −(1 − p)^γ · log p · w. */
export function focal({ gamma = 2 }: { gamma?: number } = {}): DifferentiableObjective {
  return {
    name: 'focal',
    needs: ['weights'],
    loss: ({ logprobs, input }) => {
      // Never quite certain: the slope of (1 − p)^γ has no value at p = 1 when γ is below one.
      const doubt = logprobs.exp().neg().add(1).max(1e-6);
      return doubt.pow(gamma).mul(logprobs).mul(input('weights')).sum().neg();
    },
  };
}

/** Cross-entropy in which every example counts the same, however long it is. */
export function sequenceMean(): DifferentiableObjective {
  return {
    name: 'sequence_mean',
    needs: ['weights'],
    loss: (batch) => trainedMean(batch).mean().neg(),
  };
}

/** Σ −A · log p · w. */
export function policyGradient(): DifferentiableObjective {
  return {
    name: 'policy_gradient',
    needs: ['weights', 'advantages'],
    loss: ({ logprobs, input }) => logprobs.mul(input('advantages')).mul(input('weights')).sum().neg(),
  };
}

/**
 * Clipped policy gradient: Σ −min(r·A, clip(r)·A) · w with r = exp(log p − logprobs), plus `klBeta` times the k3 estimate of
 * the divergence from the reference. Multiply weights against train/sample mismatch into the advantages.
 */
export function ppo(options: { clipLow?: number; clipHigh?: number; klBeta?: number } = {}): DifferentiableObjective {
  const { clipLow = 0.8, clipHigh = 1.2, klBeta = 0 } = options;
  return {
    name: 'ppo',
    needs: ['weights', 'advantages', 'logprobs', ...(klBeta === 0 ? [] : ['reference_logprobs'])],
    loss: (batch) => {
      const { logprobs, input } = batch;
      const advantages = input('advantages');
      const ratio = logprobs.sub(input('logprobs')).exp();
      const gain = ratio.mul(advantages).min(ratio.clip(clipLow, clipHigh).mul(advantages));
      const loss = gain.mul(input('weights')).sum().neg();
      return klBeta === 0 ? loss : loss.add(k3(batch).mul(klBeta));
    },
  };
}

/** Σ (e^d − d − 1) · w with d = reference − log p: never negative, and zero where both agree. */
export function kl(): DifferentiableObjective {
  return { name: 'kl', needs: ['weights', 'reference_logprobs'], loss: k3 };
}

/** Direct preference: −log σ(β · (gain of the preferred − gain of the rejected)), against a reference. */
export function dpo({ beta = 0.1 }: { beta?: number } = {}): DifferentiableObjective {
  return {
    name: 'dpo',
    needs: ['weights', 'reference_logprobs'],
    paired: true,
    loss: (batch) => {
      const gains = batch.logprobs.sub(batch.input('reference_logprobs')).mul(batch.constant(mask)).sumPositions();
      const { even: preferred, odd: rejected } = gains.pairs();
      return preferred.sub(rejected).mul(beta).logSigmoid().mean().neg();
    },
  };
}

/** Odds-ratio preference, without a reference: cross-entropy of the preferred, and λ · −log σ(log odds ratio). */
export function orpo({ lambda = 1 }: { lambda?: number } = {}): DifferentiableObjective {
  return {
    name: 'orpo',
    needs: ['weights'],
    paired: true,
    loss: (batch) => {
      const { even: preferred, odd: rejected } = trainedMean(batch).pairs();
      const ratio = logOdds(preferred).sub(logOdds(rejected));
      return preferred.add(ratio.logSigmoid().mul(lambda)).mean().neg();
    },
  };
}

function k3({ logprobs, input }: ObjectiveBatch): Values {
  const distance = input('reference_logprobs').sub(logprobs);
  return distance.exp().sub(distance).sub(1).mul(input('weights')).sum();
}

/** Mean log-probability of each example's trained tokens. */
function trainedMean({ logprobs, constant }: ObjectiveBatch): Values {
  const share = constant((example) => {
    const trained = mask(example);
    const count = trained.reduce((sum, value) => sum + value, 0);
    return trained.map((value) => value / Math.max(1, count));
  });
  return logprobs.mul(share).sumPositions();
}

function mask({ inputs }: ObjectiveExample): number[] {
  return (inputs['weights'] ?? []).map((weight) => (weight === 0 ? 0 : 1));
}

/** log(p / (1 − p)), from log p; finite also where p is one. */
function logOdds(logprob: Values): Values {
  return logprob.sub(logprob.exp().neg().add(1).max(1e-6).log());
}
