/** What is driven: `flow.json`, which both clients' drives read. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const Tokens = z.array(z.int());

/** As the wire names what an update takes. */
export const Adam = z.object({
  learning_rate: z.number(),
  beta1: z.number(),
  beta2: z.number(),
  eps: z.number(),
  weight_decay: z.number(),
  grad_clip_norm: z.number(),
});

const Flow = z.object({
  baseModel: z.string(),
  shape: z.string(),
  loraShape: z.string(),
  trainer: z.string(),
  secondTrainer: z.string(),
  promotedTrainer: z.string(),
  loraTrainer: z.string(),
  deployment: z.string(),
  loraDeployment: z.string(),
  promotedModel: z.string(),
  replicas: z.int(),
  sequences: z.array(Tokens),
  adam: Adam,
  steps: z.int(),
  custom: z.object({
    steps: z.int(),
    learning_rate: z.number(),
    beta: z.number(),
    advantages: z.array(z.number()),
  }),
  chunked: z.int(),
  stepsAfterSave: z.int(),
  lora: z.object({
    capacity: z.int(),
    rank: z.int(),
    alpha: z.number(),
    seed: z.int(),
    learning_rate: z.number(),
    steps: z.int(),
  }),
  prompt: Tokens,
  sampling: z.object({
    maxTokens: z.int(),
    seeds: z.array(z.int()),
    coolTemperature: z.number(),
  }),
});
export type Flow = z.output<typeof Flow>;

export function readFlow(file: string): Flow {
  return Flow.parse(JSON.parse(readFileSync(file, 'utf8')));
}
