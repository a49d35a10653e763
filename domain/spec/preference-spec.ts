/** Training on preferences: which loss, and its numbers. What a loss does not have, it refuses. */
import { z } from 'zod';

export const PREFERENCE_LOSSES = ['dpo', 'ipo', 'orpo', 'simpo', 'kto'] as const;
type PreferenceLoss = (typeof PREFERENCE_LOSSES)[number];

/** The numbers of each loss by default: those of the papers, and of the usual implementations. */
const DEFAULTS = {
  dpo: { beta: 0.1, labelSmoothing: 0 },
  ipo: { beta: 0.1 },
  orpo: { lambda: 1 },
  simpo: { beta: 2, gamma: 1 },
  kto: { beta: 0.1, desirableWeight: 1, undesirableWeight: 1 },
} as const satisfies Record<PreferenceLoss, Partial<Record<Parameter, number>>>;

type Parameter = 'beta' | 'labelSmoothing' | 'lambda' | 'gamma' | 'desirableWeight' | 'undesirableWeight';

/** ORPO is a sum over pairs where it comes from; the others are means. */
const REDUCTIONS: Readonly<Record<PreferenceLoss, 'mean' | 'sum'>> = {
  dpo: 'mean',
  ipo: 'mean',
  orpo: 'sum',
  simpo: 'mean',
  kto: 'mean',
};

const fields = {
  loss: z.enum(PREFERENCE_LOSSES).default('dpo'),
  beta: z.number().positive().optional().describe('how strongly preferences count; default: 0.1, of simpo 2'),
  labelSmoothing: z
    .number()
    .min(0)
    .lt(0.5, 'must be below 0.5: from there on the preferences would be turned around')
    .optional()
    .describe('dpo: how often a preference is wrong; default: 0'),
  lambda: z.number().positive().optional().describe('orpo: weight of the odds ratio beside the likelihood; default: 1'),
  gamma: z.number().min(0).optional().describe('simpo: by how much the chosen one is to lead; default: 1'),
  desirableWeight: z.number().positive().optional().describe('kto: of rows whose label is true; default: 1'),
  undesirableWeight: z.number().positive().optional().describe('kto: of rows whose label is false; default: 1'),
  reduction: z
    .enum(['mean', 'sum'])
    .optional()
    .describe('of the pairs of a step, before the learning rate; default: mean, of orpo sum'),
};

const PARAMETERS: readonly Parameter[] = [
  'beta',
  'labelSmoothing',
  'lambda',
  'gamma',
  'desirableWeight',
  'undesirableWeight',
];

export const PreferenceSpec = z.strictObject(fields).superRefine((spec, context) => {
  const known: object = DEFAULTS[spec.loss];
  for (const name of PARAMETERS) {
    if (spec[name] === undefined || name in known) continue;
    const has = Object.keys(known).join(' and ');
    context.addIssue({
      code: 'custom',
      path: [name],
      message: `the loss ${spec.loss} has none; it has ${has}. Leave it out`,
    });
  }
});
export type PreferenceSpec = z.output<typeof PreferenceSpec>;

/** A loss with all of its numbers. */
export type PreferenceSettings = {
  [Loss in PreferenceLoss]: { readonly loss: Loss; readonly reduction: 'mean' | 'sum' } & {
    readonly [Name in keyof (typeof DEFAULTS)[Loss]]: number;
  };
}[PreferenceLoss];

export function preferenceSettings(spec: PreferenceSpec = { loss: 'dpo' }): PreferenceSettings {
  const { loss, reduction = REDUCTIONS[loss], ...given } = spec;
  const numbers = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { loss, reduction, ...DEFAULTS[loss], ...numbers } as PreferenceSettings;
}

/** Whether the loss compares with what a frozen model thinks of the same texts. */
export function needsReference({ loss }: Pick<PreferenceSpec, 'loss'>): boolean {
  return loss === 'dpo' || loss === 'ipo' || loss === 'kto';
}

/** How rows of the data are read: pairs of a chosen and a rejected answer, or single answers with a label. */
export function preferenceRows({ loss }: Pick<PreferenceSpec, 'loss'>): 'pairs' | 'labelled' {
  return loss === 'kto' ? 'labelled' : 'pairs';
}
