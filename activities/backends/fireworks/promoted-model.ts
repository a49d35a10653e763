/** Promoting once, however often it is asked: a model that is there already is looked at before it is taken for ours. */
import { z } from 'zod';
import type { PromotionOrder } from '../../../domain/words/promotion.ts';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { controlCall, unlessStatus } from './control-call.ts';
import { pollFor } from './poll.ts';
import { promote, type Promotion } from './promotion.ts';
import type { Wire } from './wire.ts';

/** What the platform itself may take to copy a large model. */
const TIMEOUT_MS = 7_200_000;

/** Origins come as bare ids or as full names. */
const Model = z.object({
  name: z.string().min(1),
  state: z.string().nullish(),
  trainerJob: z.string().nullish(),
  checkpoint: z.string().nullish(),
});
type Model = z.output<typeof Model>;

export async function promoteOnce(wire: Wire, order: PromotionOrder, signal: AbortSignal): Promise<void> {
  const promotion: Promotion = {
    checkpointId: lastSegment(order.identity),
    trainerId: order.trainerId,
    outputModel: order.model,
    baseModel: order.baseModel,
  };
  const made = await unlessStatus(409, promote(wire, promotion, { timeoutMs: TIMEOUT_MS }, signal));
  if (made !== undefined) return;
  requireOrigin(promotion, await look(wire, promotion, signal));
  const ready = await pollFor(
    wire.settings.polls.operation,
    TIMEOUT_MS,
    async () => ((await look(wire, promotion, signal)).state === 'READY' ? true : undefined),
    signal,
  );
  if (ready === undefined) {
    throw new BackendError('Unavailable', `${order.model} is not ready after ${TIMEOUT_MS / 1000} s: look at it there`);
  }
}

async function look(wire: Wire, { outputModel }: Promotion, signal: AbortSignal): Promise<Model> {
  const model = await unlessStatus(404, wire.http.send(controlCall(wire.settings, 'GET', outputModel), Model, signal));
  if (model !== undefined) return model;
  throw new BackendError('Unavailable', `${outputModel} exists and does not exist: the platform disagrees`);
}

/** A platform that tells no origin leaves the name, whose last digits are a hash of trainer and snapshot. */
function requireOrigin({ outputModel, trainerId, checkpointId }: Promotion, { trainerJob, checkpoint }: Model): void {
  const foreign = [
    [trainerJob, trainerId],
    [checkpoint, checkpointId],
  ].some(([found, wanted]) => found && lastSegment(found) !== wanted);
  if (!foreign) return;
  throw new BackendError(
    'InvalidRequest',
    `${outputModel} exists and stems from ${checkpoint ?? '?'} of trainer ${trainerJob ?? '?'}, not from ` +
      `${checkpointId} of ${trainerId}: delete that model, or promote under another name (--model)`,
    { status: 409 },
  );
}

function lastSegment(name: string): string {
  return name.split('/').at(-1) ?? name;
}
