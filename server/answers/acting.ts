/** What is asked of runs, sweeps, aliases and machines, and what is said to it. */
import { z } from 'zod';
import { PromotionSpec } from '../../domain/spec/promotion-spec.ts';
import { SweepSpec } from '../../domain/spec/sweep-spec.ts';
import { CheckReport } from '../../domain/words/check.ts';
import { Change, count, runId } from './common.ts';
import { Experiment } from './runs.ts';

/** A file as text: whoever reads it, reads it by its schema. */
export const ExperimentText = Experiment;
export const SweepText = SweepSpec;

export const Submitted = z.strictObject({
  runId,
  existed: z.boolean().describe('a run of the id that was given was there before, with this very experiment'),
  warning: z.string().optional().describe('nobody would take it now, and why'),
});

export const Validated = z.strictObject({ experiment: Experiment.describe('with every default written out') });

export const Checked = CheckReport;

export const Asked = z.strictObject({
  runId,
  asked: z.enum(['pause', 'resume', 'stop', 'cancel']),
  effect: z.string().optional().describe('what becomes of the run'),
  warning: z.string().optional().describe('nobody is there to do it now, and why'),
});

export const StopRequest = z.strictObject({
  now: z.boolean().optional().describe('cancel it, without a last checkpoint; default false'),
  reason: z.string().min(1).max(500).optional().describe('recorded with the run'),
});

const Settings = z
  .record(z.string().max(200), z.unknown())
  .describe('values by the path of their field, e.g. {"train.steps": 400}; null takes one away');

export const SetRequest = z.strictObject({ settings: Settings });
export const SetDone = z.strictObject({
  runId,
  changes: z.array(Change).describe('those that were not so already'),
  atLatest: count.describe('they take effect behind the next saved state, after this step at the latest'),
});

export const BranchRequest = z.strictObject({
  checkpoint: z.string().min(1).max(100).optional().describe('name, step, `best` or `last`; default: last'),
  settings: Settings.optional(),
  name: z.string().min(1).max(31).optional().describe("default: the parent's"),
});
export const Branched = z.strictObject({
  runId,
  parent: z.strictObject({ runId, checkpoint: z.string(), step: count }),
  changes: z.array(Change).describe('none: a repetition of what the parent did'),
});

export const PromoteRequest = z.strictObject({
  run: z.string().min(1).max(100),
  checkpoint: z.string().min(1).max(100).optional().describe('name, step, `best` or `last`; default: last'),
  gate: PromotionSpec,
});
export const PromotionAsked = z.strictObject({ id: z.string().describe('of the promotion') });

export const DecisionRequest = z.strictObject({ reason: z.string().min(1).max(500).optional() });
export const Decided = z.strictObject({ id: z.string(), approved: z.boolean() });

export const Undone = z.strictObject({
  alias: z.string(),
  undone: z.string().describe('promotion that was the champion'),
  champion: z.string().describe('promotion that is the champion now'),
});

export const ReleaseRequest = z.strictObject({
  force: z.boolean().optional().describe('also one whose run goes on, which rents another; default false'),
  forget: z.boolean().optional().describe('end its lease without asking the platform; default false'),
});
export const Released = z.strictObject({
  kind: z.enum(['trainer', 'deployment']),
  id: z.string(),
  state: z.string().describe("the platform's last word"),
});

export const SweepSubmitted = z.strictObject({ sweepId: z.string() });
export const SweepAsked = z.strictObject({
  sweepId: z.string(),
  asked: z.enum(['pause', 'resume', 'stop', 'cancel', 'extend']),
});
export const ExtendRequest = z
  .strictObject({ trials: z.int().min(1).optional(), concurrency: z.int().min(1).optional() })
  .describe('So many trials in all, and so many at a time, from now on.');
