/** What the platform offers: base models and training shapes. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ModelConfig } from './model/layout.ts';

export interface BaseModel {
  readonly name: string;
  readonly config: ModelConfig;
  /** Name of the catalog's model that it has the shape of: its own, unless it was promoted. */
  readonly architecture: string;
  /** Weights of a promoted model; those of the catalog follow from a seed. */
  readonly weightsFile?: string;
}

type TrainerMode = 'POLICY_TRAINER' | 'LORA_TRAINER' | 'FORWARD_ONLY';

export interface TrainingShape {
  readonly name: string;
  readonly version: string;
  readonly baseModel: BaseModel;
  readonly trainerMode: TrainerMode;
  readonly deploymentShapeVersion: string;
}

const VOCAB = 82;
const CONTEXT = 32;
/** Largest adapter a LoRA shape has room for. */
export const MAX_LORA_RANK = 32;
export const END_TOKEN = 1;

export const BASE_MODELS: readonly BaseModel[] = [
  offer('pawl-tiny', { layers: 2, dim: 64, heads: 4, hidden: 256, vocab: VOCAB, context: CONTEXT }),
  offer('pawl-nano', { layers: 1, dim: 24, heads: 2, hidden: 96, vocab: VOCAB, context: CONTEXT }),
];

function offer(short: string, config: ModelConfig): BaseModel {
  const name = `accounts/fireworks/models/${short}`;
  return { name, config, architecture: name };
}

export const TRAINING_SHAPES: readonly TrainingShape[] = BASE_MODELS.flatMap((baseModel) => {
  const short = baseModel.name.split('/').at(-1) ?? '';
  const deploymentShapeVersion = `accounts/fireworks/deploymentShapes/rft-${short}/versions/v1`;
  const name = `accounts/fireworks/trainingShapes/ts-${short}`;
  const common = { baseModel, deploymentShapeVersion, version: 'v1' };
  return [
    { ...common, name, trainerMode: 'POLICY_TRAINER' as const },
    { ...common, name: `${name}-lora`, trainerMode: 'LORA_TRAINER' as const },
    { ...common, name: `${name}-forward`, trainerMode: 'FORWARD_ONLY' as const },
  ];
});

/** Accepts the shape's name with or without a version. */
export function findShape(name: string): TrainingShape | undefined {
  return TRAINING_SHAPES.find((shape) => name === shape.name || name === `${shape.name}/versions/${shape.version}`);
}

const TokenizerFile = z.object({ model: z.object({ vocab: z.record(z.string(), z.number().int()) }) });

/** Text of each token, by id. The file sits beside the sources, wherever the compiled program runs from. */
export function readVocabulary(): string[] {
  const parsed = TokenizerFile.parse(JSON.parse(readFileSync(tokenizerPath(), 'utf8')));
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(parsed.model.vocab)) tokens[id] = token;
  return tokens;
}

function tokenizerPath(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const path = join(folder, 'sandbox', 'models', 'tokenizer.json');
    if (existsSync(path)) return path;
    const parent = dirname(folder);
    if (parent === folder) throw new Error('sandbox/models/tokenizer.json is not part of this installation');
    folder = parent;
  }
}
