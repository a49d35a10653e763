/** A promoted model as it is stored: what outlives the trainer and the bucket that it came from. */
import { z } from 'zod';
import { Lora } from '../snapshots/bucket.ts';

export const ModelRecord = z.object({
  id: z.string(),
  kind: z.enum(['HF_BASE_MODEL', 'HF_PEFT_ADDON']),
  createTime: z.string(),
  /** From then on it can be used; until then it is being copied. */
  readyTime: z.string(),
  /** Name of the model that it was trained from. */
  baseModel: z.string(),
  /** Name of the catalog's model that it has the shape of. */
  architecture: z.string(),
  lora: Lora.optional(),
  trainerJob: z.string(),
  checkpoint: z.string(),
  /** Set if the promotion is told of by an operation. */
  operation: z.string().optional(),
});
export type ModelRecord = z.output<typeof ModelRecord>;
