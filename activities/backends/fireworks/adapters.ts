/** Promoted adapters, as the platform tells of them: what a LoRA model can begin with. */
import { z } from 'zod';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import type { AdapterFacts } from '../../ports.ts';
import { controlCall, Int, unlessStatus } from './control-call.ts';
import type { Wire } from './wire.ts';

const Model = z.object({
  name: z.string().min(1),
  state: z.string().nullish(),
  kind: z.string().nullish(),
  peftDetails: z.object({ baseModel: z.string().nullish(), r: Int.nullish() }).nullish(),
});

const ADAPTER = 'HF_PEFT_ADDON';

/** What it does not tell is left to whoever loads it. */
export async function lookUpAdapter(wire: Wire, name: string, signal: AbortSignal): Promise<AdapterFacts> {
  const model = await unlessStatus(404, wire.http.send(controlCall(wire.settings, 'GET', name), Model, signal));
  if (model === undefined) {
    throw new BackendError(
      'InvalidRequest',
      `the platform knows no model ${name}: check train.startFrom for spelling, and that the account may use it`,
      { status: 404 },
    );
  }
  const { state, kind, peftDetails } = model;
  if (kind && kind !== ADAPTER) {
    throw new BackendError(
      'InvalidRequest',
      `train.startFrom: ${name} is a whole model (${kind}), not an adapter: set model.base to it instead`,
    );
  }
  if (state && state !== 'READY') {
    throw new BackendError(
      'InvalidRequest',
      `train.startFrom: ${name} is ${state}, not READY: wait for it, then submit again`,
    );
  }
  return {
    ...(peftDetails?.baseModel && { baseModel: peftDetails.baseModel }),
    ...(peftDetails?.r && { rank: peftDetails.r }),
  };
}
