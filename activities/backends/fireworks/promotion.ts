/** Making a model of a checkpoint: asked for once, then waited for as an operation where the platform needs long. */
import { z } from 'zod';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { controlCall } from './control-call.ts';
import { fromOutside } from '../../../domain/words/outside-text.ts';
import { pollFor } from './poll.ts';
import { trainerName, type Wire } from './wire.ts';

export interface Promotion {
  /** Last segment of the checkpoint's name. */
  readonly checkpointId: string;
  /** The trainer that saved it; it may have been deleted since. */
  readonly trainerId: string;
  /** Full name of the model to make: `accounts/<account>/models/<model>`. */
  readonly outputModel: string;
  readonly baseModel: string;
}

export interface PromotedModel {
  readonly name: string;
  readonly state?: string;
  /** `HF_BASE_MODEL` or `HF_PEFT_ADDON`. */
  readonly kind?: string;
}

const Model = z
  .object({ name: z.string(), state: z.string().nullish(), kind: z.string().nullish() })
  .transform(({ name, state, kind }): PromotedModel => ({ name, ...(state && { state }), ...(kind && { kind }) }));
const Operation = z.object({
  name: z.string(),
  done: z.boolean().default(false),
  error: z.object({ message: z.string().optional() }).nullish(),
  response: z.unknown().optional(),
});
type Operation = z.output<typeof Operation>;
const Answer = z.union([z.object({ operation: Operation }), z.object({ model: Model })]);
type Answer = z.output<typeof Answer>;

/** A name that the platform would refuse can leave a staged copy behind that blocks the right one. */
const OUTPUT_MODEL = /^accounts\/[^/]+\/models\/[a-z0-9-]{1,63}$/;
const CHECKPOINT = /^[a-z0-9-]{1,63}$/;

export async function promote(
  wire: Wire,
  promotion: Promotion,
  { timeoutMs }: { readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<PromotedModel> {
  if (!OUTPUT_MODEL.test(promotion.outputModel) || !CHECKPOINT.test(promotion.checkpointId)) {
    throw new BackendError(
      'InvalidRequest',
      `cannot promote ${promotion.checkpointId} to ${promotion.outputModel}: use a checkpoint's bare name, and ` +
        'accounts/<account>/models/<1 to 63 of a-z, 0-9 and hyphens>',
    );
  }
  const answer = await ask(wire, promotion, signal);
  if ('model' in answer) return answer.model;
  const model =
    outcomeOf(wire, answer.operation) ??
    (await pollFor(
      wire.settings.polls.operation,
      timeoutMs,
      async () => outcomeOf(wire, await look(wire, answer.operation, signal)),
      signal,
    ));
  if (model !== undefined) return model;
  throw new BackendError(
    'Unavailable',
    `the promotion to ${promotion.outputModel} is not done after ${timeoutMs / 1000} s: ${answer.operation.name}`,
  );
}

async function ask(wire: Wire, promotion: Promotion, signal: AbortSignal): Promise<Answer> {
  const account = await wire.account(signal);
  const body = {
    output_model: promotion.outputModel,
    trainer_job_id: trainerName(account, promotion.trainerId),
    base_model: promotion.baseModel,
  };
  const send = async (fields: object): Promise<Answer> => {
    const path = `accounts/${account}/checkpoints/${promotion.checkpointId}:promote`;
    const call = controlCall(wire.settings, 'POST', path, { body: fields });
    return wire.http.send({ ...call, timeout: wire.settings.timeouts.promote }, Answer, signal);
  };
  try {
    return await send({ ...body, async_promotion: true });
  } catch (error) {
    if (!refusesAsync(error)) throw error;
    return send(body);
  }
}

function refusesAsync(error: unknown): boolean {
  return error instanceof BackendError && error.status === 400 && /async_?promotion/i.test(error.message);
}

async function look(wire: Wire, { name }: Operation, signal: AbortSignal): Promise<Operation> {
  return wire.http.send(controlCall(wire.settings, 'GET', name), Operation, signal);
}

function outcomeOf(wire: Wire, { name, done, error, response }: Operation): PromotedModel | undefined {
  if (!done) return undefined;
  if (error) {
    const why = fromOutside(error.message ?? 'the platform does not say why', wire.http.redact);
    throw new BackendError('InvalidRequest', `the promotion failed (${name}): ${why}`);
  }
  const model = Model.safeParse(response);
  if (model.success) return model.data;
  throw new BackendError('InvalidRequest', `the promotion is done (${name}), but names no model`);
}
