/** What is rented and served, prompt sets, promotions, lineage and sweeps. */
import { z } from 'zod';
import { PromotionSpec } from '../../domain/spec/promotion-spec.ts';
import { SweepSpec } from '../../domain/spec/sweep-spec.ts';
import { Change, count, hash, place, runId, stale, time } from './common.ts';
import { Evaluation } from './evaluations.ts';
import { Experiment, outcome } from './runs.ts';

export const Machines = z.strictObject({
  machines: z.array(
    z.strictObject({
      kind: z.enum(['trainer', 'deployment']),
      id: z.string(),
      runId,
      holder: z.string().optional().describe('the workflow that returns it, where it is not the run'),
      since: time,
      kept: z.boolean().describe('left serving on purpose when its run ended: nobody returns it but a person'),
      state: z.string().optional().describe("the platform's word; absent: it was not asked"),
      costPerHour: z.number().optional(),
      currency: z.string().optional(),
      ...place,
    }),
  ),
  stale,
});

export const Deployments = z.strictObject({
  deployments: z.array(
    z.strictObject({
      deploymentId: z.string(),
      runId,
      since: time,
      kept: z.boolean(),
      serves: z
        .strictObject({ runId, checkpoint: z.string(), identity: z.string(), confirmedAt: time })
        .optional()
        .describe('what was last confirmed on every replica; absent: nothing yet'),
      ...place,
    }),
  ),
});

export const PromptSet = z.strictObject({
  hash,
  prompts: count,
  duplicates: count.describe('identical rows that were left out'),
  tokenizer: z.string().describe('sha256 of the tokenizer that made it'),
  createdAt: time,
  aliases: z.array(z.string()).describe('names that stand for it at this moment'),
});

export const PromptSets = z.strictObject({ promptSets: z.array(PromptSet) });

const Compared = z.strictObject({
  evaluation: z.string(),
  identity: z.string(),
  score: z.number(),
  missing: count,
});

const promotion = {
  id: z.string(),
  alias: z.string(),
  runId,
  checkpoint: z.string(),
  state: z.enum([
    'waiting',
    'evaluating',
    'awaiting-approval',
    'promoting',
    'promoted',
    'refused',
    'rejected',
    'expired',
    'failed',
    'undone',
  ]),
  reign: count.optional().describe('the how-manieth champion of its alias it became'),
  gate: PromotionSpec,
  askedBy: z.string(),
  askedAt: time,
  identity: z.string().optional(),
  step: count.optional(),
  model: z.string().optional().describe('full name of the model'),
  reason: z.string().optional(),
  comparisons: z
    .array(
      z.strictObject({
        suite: z.string(),
        metric: z.string(),
        candidate: Compared,
        reference: Compared,
        difference: z
          .strictObject({ mean: z.number(), low: z.number().optional(), high: z.number().optional(), pairs: count })
          .optional(),
        looks: count.optional().describe('candidates that were looked at on these prompts'),
        prompts: count,
      }),
    )
    .optional(),
  championBefore: z.string().optional(),
  decidedBy: z.string().optional(),
  decidedAt: time.optional(),
};

export const Promotion = z.strictObject(promotion).describe('A checkpoint that an alias was asked to stand for.');

export const PromotionDetails = z.strictObject({
  ...promotion,
  isChampion: z.boolean(),
  events: z.array(
    z.strictObject({
      promotionId: z.string(),
      event: z.string(),
      at: time,
      by: z.string().optional().describe('absent: pawl itself'),
      message: z.string().optional(),
    }),
  ),
});

export const Aliases = z.strictObject({
  aliases: z.array(
    z.strictObject({
      alias: z.string(),
      champion: Promotion.optional().describe('absent: it stands for nothing yet'),
      promotions: z.array(Promotion).describe('newest first'),
    }),
  ),
});

export const Lineage = z.strictObject({
  runs: z
    .array(
      z.strictObject({
        runId,
        outcome,
        reason: z.string().optional(),
        createdAt: time,
        parent: z.strictObject({ runId, checkpoint: z.string(), step: count, changes: z.array(Change) }).optional(),
        checkpoints: z.array(
          z.strictObject({
            name: z.string(),
            step: count,
            generation: count,
            snapshotType: z.enum(['base', 'delta']),
            identity: z.string(),
            savedAt: time,
            evaluation: Evaluation.optional(),
            verdict: z
              .strictObject({ kind: z.enum(['continue', 'stop', 'branch', 'inconclusive']), reason: z.string() })
              .optional(),
            marks: z.array(z.string()).describe('what stands for it at this moment'),
          }),
        ),
        rewinds: z.array(
          z.strictObject({ generation: count, cause: z.string(), fromStep: count, toStep: count, recordedAt: time }),
        ),
      }),
    )
    .describe('newest first'),
});

const sweep = {
  sweepId: z.string(),
  name: z.string(),
  goal: z.enum(['maximize', 'minimize']),
  suite: z.string(),
  askedBy: z.string(),
  outcome: z.enum(['running', 'paused', 'stopping', 'choosing', 'finished', 'failed', 'cancelled']),
  reason: z.string().optional(),
  best: z.strictObject({ number: count, runId, checkpoint: z.string(), step: count, score: z.number() }).optional(),
  createdAt: time,
  updatedAt: time,
};

const Confirmed = z.strictObject({
  checkpoint: z.string(),
  step: count,
  evaluation: z.string().describe('its id'),
  score: measure(),
  low: measure(),
  high: measure(),
  prompts: count.optional(),
});

export const Sweeps = z.strictObject({ sweeps: z.array(z.strictObject(sweep)).describe('newest first') });

const Parameters = z.record(z.string(), z.unknown()).describe('values by the path of their field');

export const Sweep = z.strictObject({
  ...sweep,
  spec: SweepSpec.describe('as it was asked for'),
  experiment: Experiment,
  wanted: count.optional().describe('trials in all; absent: it is over, or does not answer'),
  concurrency: count.optional(),
  winner: z
    .strictObject({
      number: count,
      runId,
      checkpoint: z.string(),
      step: count,
      score: z.number().describe('by which it was among the best'),
      confirmed: Confirmed.optional().describe('on prompts that no trial was chosen by'),
    })
    .optional(),
  promotion: z
    .strictObject({ promotionId: z.string(), alias: z.string(), state: z.string(), reason: z.string().optional() })
    .optional()
    .describe('what became of the winner'),
  changes: z
    .array(z.strictObject({ order: count, by: z.string(), at: time, change: z.record(z.string(), z.unknown()) }))
    .describe('of its space and of single trials, while it ran'),
  trials: z.array(
    z.strictObject({
      number: count,
      runId,
      parameters: Parameters,
      state: z.enum(['running', 'finished', 'stopped', 'failed', 'diverged', 'cancelled']),
      reason: z.string().optional(),
      score: z.number().optional(),
      runOutcome: z.string().optional(),
      runReason: z.string().optional(),
      confirmed: Confirmed.optional().describe('one of the best: what it scored when it was asked again'),
      trainerHours: z.number(),
      cost: z.number(),
      scores: z.array(
        z.strictObject({
          step: count,
          order: count,
          checkpoint: z.string(),
          score: measure(),
          low: measure().optional(),
          high: measure().optional(),
          stop: z.boolean().optional(),
          reason: z.string().optional().describe('of what was decided about it'),
        }),
      ),
    }),
  ),
});

function measure(): z.ZodNullable<z.ZodNumber> {
  return z.number().nullable();
}
