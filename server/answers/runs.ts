/** Runs, their steps, checkpoints, verdicts, events and costs. */
import { z } from 'zod';
import { RunSpec } from '../../domain/spec/spec.ts';
import { Change, count, cursor, hash, measure, place, runId, stale, time } from './common.ts';
import { Comparison, Evaluation } from './evaluations.ts';

export const Experiment = RunSpec;

export const outcome = z.enum(['pending', 'running', 'cancelling', 'finished', 'failed', 'cancelled', 'crashed']);
const phase = z.enum([
  'plan',
  'provision',
  'connect',
  'baseline',
  'train',
  'checkpoint',
  'sync',
  'evaluate',
  'decide',
  'finish',
  'rewind',
  'pause',
  'paused',
  'parked',
  'release',
  'done',
]);

const Money = z.strictObject({ amount: z.number(), currency: z.string() });

export const RunSummary = z
  .strictObject({
    runId,
    outcome,
    createdAt: time,
    phase: phase.optional(),
    step: count.optional(),
    steps: count.optional().describe('planned'),
    reason: z.string().optional(),
    score: z
      .strictObject({
        score: z.number(),
        low: z.number(),
        high: z.number(),
        metric: z.string(),
        step: count,
      })
      .optional()
      .describe("the best so far, by what the run's policy judges"),
    seconds: z.number().optional().describe('from submission to its end, or until now'),
    cost: Money.optional().describe('absent: the experiment states no prices'),
    name: z.string().optional().describe('absent: no worker has taken it yet'),
    tags: z.array(z.string()).optional(),
  })
  .describe('One line of the list of runs.');

export const RunList = z.strictObject({ runs: z.array(RunSummary), cursor, stale });

const Parent = z.strictObject({
  runId,
  checkpoint: z.string(),
  step: count,
  changes: z.array(Change).describe('what is different about the branch'),
});

const LiveChange = Change.extend({
  by: z.string(),
  askedAt: time,
  number: count,
  fromStep: count,
  recordedAt: time.optional(),
});

const Waits = z.strictObject({
  message: z.string(),
  attempt: count.optional().describe('of the activity that is tried again'),
});

const Standing = z
  .strictObject({
    phase,
    step: count,
    steps: count,
    generation: count,
    lossMean: measure.optional(),
    secondsPerStep: z.number().optional(),
    checkpoint: z.string().optional(),
    identity: z.string().optional().describe('confirmed on every replica'),
    score: z.number().optional(),
    baselineScore: z.number().optional(),
    bestScore: z.number().optional(),
    rentedSince: time.optional(),
    costPerHour: z.number().optional(),
    stopRequested: z.boolean(),
    pauseRequested: z.boolean(),
    proving: z.string().optional().describe('checkpoint that is synced and evaluated while training goes on'),
    rewinds: count,
    waitsFor: z
      .strictObject({
        what: z.enum(['capacity', 'readiness', 'access', 'resume', 'evaluation', 'release', 'budget']),
        since: time,
        said: z.string().optional().describe('by the platform'),
      })
      .optional(),
    saved: z
      .strictObject({ checkpoint: z.string(), step: count, until: time.optional() })
      .optional()
      .describe('the newest saved state, and until when the platform keeps it'),
  })
  .describe("The run's own answer.");

export const Run = z
  .strictObject({
    runId,
    name: z.string().optional().describe('absent: no worker has taken it yet'),
    outcome,
    reason: z.string().optional(),
    createdAt: time.optional(),
    updatedAt: time.optional(),
    phase,
    step: count,
    steps: count.optional().describe('planned; absent: not known yet'),
    now: Standing.optional().describe('absent: the run is over, or does not answer'),
    waiting: Waits.optional(),
    parent: Parent.optional().describe('of a branch'),
    changes: z.array(LiveChange).describe('what was set while it ran'),
    checkpoints: count,
    experiment: Experiment.optional(),
    plan: z
      .strictObject({
        shape: z.string(),
        baseModel: z.string(),
        dataset: hash,
        examples: count,
        promptSet: hash,
        prompts: count,
        costPerHour: z.number(),
        ...place,
      })
      .optional()
      .describe('what was pinned when it was planned'),
    release: z
      .strictObject({ trainerState: z.string(), deploymentState: z.string() })
      .optional()
      .describe("the platform's last word on what was rented"),
  })
  .describe('A run as it is now.');

export const Step = z.strictObject({
  step: count,
  generation: count,
  lossMean: measure.describe('mean over trained tokens of −log p, in nats; null: no finite number'),
  learningRate: z.number(),
  tokens: count,
  seconds: z.number(),
  metrics: z.record(z.string(), measure).optional(),
});

export const Steps = z.strictObject({
  steps: z.array(Step),
  next: count.optional().describe('`after` of the next page; absent: this is the last one'),
});

const Range = z.strictObject({ min: measure, mean: measure, max: measure });

export const Curve = z.strictObject({
  spans: z.array(
    z.strictObject({
      fromStep: count,
      toStep: count,
      steps: count.describe('recorded among them'),
      lossMean: Range.optional().describe('of the losses that are numbers; absent: none is'),
      notFinite: count.describe('steps whose loss is no finite number'),
      tokens: count,
      seconds: z.number(),
      metrics: z.record(z.string(), Range).optional(),
    }),
  ),
});

const Checkpoint = z.strictObject({
  name: z.string(),
  step: count,
  generation: count,
  statePath: z.string().describe('of the resumable state, as the trainer returned it'),
  snapshotType: z.enum(['base', 'delta']),
  identity: z.string().describe('what a replica reports once it serves it'),
  previousIdentity: z.string().optional().describe('of a delta: the identity that it was made from'),
  trainerId: z.string().optional(),
  stateTrainerId: z.string().optional(),
  validation: z
    .strictObject({
      loss: z.number(),
      rows: count,
      tokens: count,
      metrics: z.record(z.string(), measure).optional(),
    })
    .optional(),
  ...place,
});

const verdict = { kind: z.enum(['continue', 'stop', 'branch', 'inconclusive']), reason: z.string() };

export const CheckpointReport = z
  .strictObject({
    checkpoint: Checkpoint,
    savedAt: time,
    sync: z.strictObject({ identity: z.string(), replicas: count, seconds: z.number(), confirmedAt: time }).optional(),
    evaluation: Evaluation.optional(),
    suites: z.array(Evaluation).optional().describe('of further suites, those that were due'),
    verdict: z.strictObject(verdict).optional(),
    overBaseline: Comparison.optional(),
    overPrevious: Comparison.optional(),
    overParent: Comparison.optional(),
  })
  .describe('A checkpoint with everything known of it.');

export const Checkpoints = z.strictObject({
  checkpoints: z.array(CheckpointReport).describe('in order of step, generation and saving'),
  before: z.string().optional().describe('`before` of the page of earlier ones; absent: there are none'),
});

export const Verdicts = z.strictObject({
  verdicts: z.array(z.strictObject({ seq: count, checkpoint: z.string(), step: count, generation: count, ...verdict })),
  next: count.optional().describe('`after` of the next page; absent: this is the last one'),
});

export const Event = z
  .strictObject({
    seq: count.describe('rises with every event of every run'),
    key: z.string(),
    at: time,
    phase,
    level: z.enum(['info', 'warn', 'error']),
    message: z.string(),
  })
  .describe("A line of a run's log.");

export const Events = z.strictObject({
  events: z.array(Event),
  next: count.optional().describe('`after` of the next page; absent: this is the last one'),
});

export const Rewinds = z.strictObject({
  rewinds: z.array(
    z.strictObject({
      generation: count.describe('the one that began with it'),
      cause: z.string(),
      fromStep: count,
      toStep: count,
      seconds: z.number().describe('rented, and trained again'),
      cost: z.number(),
      recordedAt: time,
    }),
  ),
});

export const Costs = z.strictObject({
  currency: z.string(),
  total: z.number().optional().describe('absent: the experiment states no prices'),
  trainerHours: z.number(),
  machines: z.array(
    z.strictObject({
      kind: z.enum(['trainer', 'deployment']),
      id: z.string(),
      runId,
      holder: z.string().optional().describe('the workflow that returns it, where it is not the run'),
      namespaceId: z.string().optional(),
      plannedAt: time,
      releasedAt: time.optional(),
      keptAt: time.optional(),
      state: z.string().optional().describe("the platform's last word, once released"),
      cost: z.number().optional(),
      ...place,
    }),
  ),
});
