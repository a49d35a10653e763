/** What a look at an experiment finds before it is submitted: said by a program of its own, and read as from outside. */
import { z } from 'zod';

/** A stretch of an example: the model learns to write it, or only reads it. */
const ShownPiece = z.object({ text: z.string(), tokens: z.number(), trained: z.boolean() });
export type ShownPiece = z.output<typeof ShownPiece>;

export const ShownExample = z.object({
  which: z.enum(['first', 'middle', 'last', 'longest']),
  /** Position among the examples, from 1. */
  number: z.number(),
  tokens: z.number(),
  /** Of them, those that are learned. */
  trained: z.number(),
  pieces: z.array(ShownPiece),
});
export type ShownExample = z.output<typeof ShownExample>;

const CheckedData = z.object({
  /** Lines that hold a row. */
  rows: z.number(),
  examples: z.number(),
  /** Examples left out, as they are longer than `maxTokens`. */
  dropped: z.number(),
  /** These, and rows whose weight is 0. */
  leftOut: z.number(),
  /** The first of what was left out; no tokens: its weight is 0. */
  left: z.array(z.object({ file: z.string(), line: z.number(), tokens: z.number().optional() })),
  maxTokens: z.number(),
  /** Why no longer one fits. */
  limit: z.enum(['data.maxTokens', 'context']),
  /** Rows that are not trained on, whose loss is told at each checkpoint; absent: none are. */
  heldOut: z.number().optional(),
  /** Of all examples. */
  tokens: z.number(),
  longestTokens: z.number(),
  /** Artifact (sha256): what a run of this file trains on. */
  dataset: z.string(),
  shown: z.array(ShownExample),
});

const CheckedTraining = z.object({
  steps: z.number(),
  examplesPerStep: z.number(),
  /** Where batches are made by tokens: how many of them are an epoch. */
  byTokens: z.object({ budget: z.number(), batches: z.number() }).optional(),
  /** What these are. */
  unit: z.enum(['examples', 'pairs', 'labelled rows']),
  /** How often each example comes, on average. */
  epochs: z.number(),
  /** Trained in all, masked ones included; an estimate, as batches differ. */
  tokens: z.number(),
  /** To the trainer. */
  requestsPerStep: z.number(),
  checkpoints: z.number(),
});

const CheckedSuite = z.object({
  name: z.string(),
  metric: z.string(),
  /** Of the set, and of them asked at each evaluation. */
  prompts: z.number(),
  asked: z.number(),
  samplesPerPrompt: z.number(),
  maxTokens: z.number(),
});

export const CheckReport = z.object({
  /** For each of them a run would be refused, or fail before it trains. */
  problems: z.array(z.string()),
  warnings: z.array(z.string()),
  notices: z.array(z.string()),
  /** Absent: no platform was asked. */
  shape: z
    .object({ reference: z.string(), baseModel: z.string(), maxContextTokens: z.number(), machine: z.string() })
    .optional(),
  data: CheckedData.optional(),
  training: CheckedTraining.optional(),
  suites: z.array(CheckedSuite),
  cost: z.object({
    perHour: z.number(),
    currency: z.string(),
    /** What the budget lets it come to. */
    atMost: z.number().optional(),
  }),
  /** What the user's own code printed. */
  printed: z.string().optional(),
});
export type CheckReport = z.output<typeof CheckReport>;

/** A line of the program: how far it is, or the end. */
export const CheckLine = z.union([
  z.object({ progress: z.object({ percent: z.number(), examples: z.number() }) }),
  z.object({ report: CheckReport }),
  z.object({ failed: z.string() }),
]);
export type CheckLine = z.output<typeof CheckLine>;

/** What the program is given, as one JSON value. */
export interface CheckOrder {
  readonly spec: unknown;
}
