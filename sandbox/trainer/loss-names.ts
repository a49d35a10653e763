/** The losses that a trainer knows by name. */

export const LOSSES = [
  'cross_entropy',
  'importance_sampling',
  'ppo',
  'cispo',
  'dro',
  'dapo',
  'gspo',
  'dppo',
  'reinforce',
] as const;

export type LossName = (typeof LOSSES)[number];

export type PolicyLossName = Exclude<LossName, 'cross_entropy'>;
