/**
 * Weights that training begins with where they are not the base model's: an adapter that was promoted, or a checkpoint of
 * another run, both with a fresh optimizer. Which ones is looked up when a run is planned, and pinned.
 */
import { stateReference } from '../../domain/words/names.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { PinnedStart } from '../../domain/words/start-from.ts';
import { stateTrainerOf, type Parent } from '../../domain/words/branches.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { StoreReader } from '../../store/index.ts';
import { namedPlace, placeOf } from '../../store/rows/named-place.ts';
import type { Pending, Provisioner, Trainer } from '../ports.ts';
import { modelNamed } from './base-model.ts';

export interface StartPorts {
  readonly store: Pick<StoreReader, 'champions' | 'getRun' | 'checkpointAt'>;
  readonly provisioner: Pick<Provisioner, 'adapter'>;
}

/** Undefined: training begins with the base model. What does not fit it is refused here, before anything is rented. */
export async function pinStart(
  ports: StartPorts,
  { train, model }: Pick<RunSpec, 'train' | 'model'>,
  { baseModel, signal }: { baseModel: string; signal: AbortSignal },
): Promise<PinnedStart | undefined> {
  const asked = train.startFrom;
  if (asked === undefined) return undefined;
  if (asked.includes('@')) return checkpointStart(ports.store, asked, { baseModel, lora: model.lora });
  const name = await modelNamed(ports.store, asked, { field: 'train.startFrom', what: 'an adapter' });
  const { baseModel: over = baseModel, rank } = await ports.provisioner.adapter(name, signal);
  if (over !== baseModel) {
    throw refused(
      `the adapter ${name} was trained over ${over}, and the run trains over ${baseModel}. Set model.base to it`,
    );
  }
  const wanted = model.lora?.rank;
  if (rank !== undefined && rank !== wanted) {
    throw refused(
      `the adapter ${name} has rank ${rank}, and model.lora.rank is ${wanted ?? 'absent'}. Set model.lora.rank to ${rank}`,
    );
  }
  return { kind: 'adapter', asked, model: name };
}

/**
 * What a plan says of it. Of a branch it is what its parent began with: its own weights are the checkpoint's, but a reference
 * is that of the first run.
 */
export function startsOf(ports: StartPorts) {
  return async (
    { spec, parent }: { spec: RunSpec; parent: Parent | undefined },
    found: { baseModel: string; signal: AbortSignal },
  ): Promise<Pick<Plan, 'startFrom'>> => {
    if (spec.train.startFrom === undefined) return {};
    const startFrom =
      parent === undefined
        ? await pinStart(ports, spec, found)
        : (await ports.store.getRun(parent.runId)).plan?.startFrom;
    return startFrom === undefined ? {} : { startFrom };
  };
}

async function checkpointStart(
  store: StartPorts['store'],
  asked: string,
  { baseModel, lora }: { baseModel: string; lora: RunSpec['model']['lora'] },
): Promise<PinnedStart> {
  const at = asked.lastIndexOf('@');
  const { runId, spec, plan } = await store.getRun(asked.slice(0, at));
  const found = await store.checkpointAt(runId, placeOf(namedPlace(asked.slice(at + 1)), spec.policy));
  if (found === undefined || plan === undefined) {
    throw refused(`${runId} has no checkpoint ${asked.slice(at + 1)}. \`pawl show ${runId}\` lists them`);
  }
  if (plan.baseModel !== baseModel) {
    throw refused(
      `${runId} trained over ${plan.baseModel}, and this run trains over ${baseModel}. Set model.base to it`,
    );
  }
  if (!sameModules(spec.model.lora, lora)) {
    throw refused(`${runId} ${loraText(spec.model.lora)}, and this run ${loraText(lora)}. Set model.lora as it has it`);
  }
  const { checkpoint } = found;
  const { name, step, statePath: path } = checkpoint;
  const trainerId = stateTrainerOf(runId, checkpoint);
  return { kind: 'checkpoint', asked, runId, checkpoint: name, step, path, trainerId };
}

/** Alpha scales what an adapter adds and is no part of what is stored. */
function sameModules(one: RunSpec['model']['lora'], other: RunSpec['model']['lora']): boolean {
  if (one === undefined || other === undefined) return one === other;
  const fields = ['rank', 'trainAttn', 'trainMlp', 'trainUnembed'] as const;
  return fields.every((field) => one[field] === other[field]);
}

function loraText(lora: RunSpec['model']['lora']): string {
  if (lora === undefined) return 'trains every weight';
  const modules = (['trainAttn', 'trainMlp', 'trainUnembed'] as const).filter((field) => lora[field]);
  return `trains an adapter of rank ${lora.rank} (${modules.join(', ')})`;
}

/** Weights only: moments of another training would be those of another data and rate. */
export function submitStart(
  trainer: Pick<Trainer, 'loadAdapter' | 'loadState'>,
  { start, trainerId, ...call }: { start: PinnedStart; trainerId: string; modelId: string; seq: number },
  signal: AbortSignal,
): Promise<Pending<{ path: string }>> {
  if (start.kind === 'adapter') return trainer.loadAdapter({ ...call, path: start.model }, signal);
  const path = stateReference({ trainerId: start.trainerId, path: start.path }, trainerId);
  return trainer.loadState({ ...call, path, optimizer: false }, signal);
}

function refused(message: string): PawlError {
  return new PawlError('InvalidRequest', `train.startFrom: ${message}.`);
}
