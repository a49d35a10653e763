/** The control plane's list of what a trainer saved. */
import { z } from 'zod';
import { Timestamp } from './control-call.ts';
import { pages } from './pages.ts';
import type { Wire } from './wire.ts';

/** What a saved checkpoint is for; `unknown` is a kind that a later platform added. */
export type CheckpointKind = 'state' | 'lora-state' | 'base' | 'lora' | 'delta' | 'unknown';

const KINDS: Readonly<Record<string, CheckpointKind>> = {
  CHECKPOINT_TYPE_TRAINING: 'state',
  CHECKPOINT_TYPE_TRAINING_LORA: 'lora-state',
  CHECKPOINT_TYPE_INFERENCE_BASE: 'base',
  CHECKPOINT_TYPE_INFERENCE_LORA: 'lora',
  CHECKPOINT_TYPE_INFERENCE_ARC_V2: 'delta',
};

export interface CheckpointRow {
  /** Full resource name. */
  readonly name: string;
  /** Its last segment: what `load` and `promote` take. */
  readonly id: string;
  readonly kind: CheckpointKind;
  /** Weights and optimizer: a model can go on from it. */
  readonly resumable: boolean;
  /** The platform's own word. */
  readonly promotable: boolean;
  readonly createdAt?: Date;
}

const Row = z.object({
  name: z.string(),
  createTime: Timestamp,
  checkpointType: z.string().default(''),
  promotable: z.boolean().default(false),
});
const Rows = z
  .object({
    checkpoints: z.array(Row).optional(),
    rlorTrainerJobCheckpoints: z.array(Row).optional(),
    nextPageToken: z.string().default(''),
  })
  .transform((page) => ({
    rows: page.checkpoints ?? page.rlorTrainerJobCheckpoints ?? [],
    nextPageToken: page.nextPageToken,
  }));

/** Oldest first. Times are compared as times: the platform writes them with differing precision. */
export async function checkpointRows(wire: Wire, job: string, signal: AbortSignal): Promise<CheckpointRow[]> {
  const found: CheckpointRow[] = [];
  for await (const { rows } of pages(wire, `${job}/checkpoints`, {}, Rows, signal)) {
    for (const { name, checkpointType, promotable, createTime } of rows) {
      const kind = KINDS[checkpointType] ?? 'unknown';
      found.push({
        name,
        id: name.split('/').at(-1) ?? name,
        kind,
        resumable: kind === 'state' || kind === 'lora-state',
        promotable,
        ...(createTime === undefined ? {} : { createdAt: createTime }),
      });
    }
  }
  return found.sort((a, b) => (a.createdAt?.getTime() ?? 0) - (b.createdAt?.getTime() ?? 0));
}
