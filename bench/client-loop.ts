/** The yardstick: the same steps over the same client, in a loop that keeps nothing and survives nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { createFireworksBackend } from '../activities/backends/fireworks/index.ts';
import { openArtifacts } from '../store/artifacts/artifacts.ts';
import { batchIndices, chunk, toDatums } from '../activities/data/batches.ts';
import { openDataset } from '../activities/data/dataset.ts';
import { learningRate } from '../activities/data/learning-rate.ts';
import type { Backend, Pending } from '../activities/ports.ts';
import type { DisturbedStack } from '../chaos/stack.ts';
import { SANDBOX_KEY } from '../client/local/sandbox-key.ts';
import type { Plan } from '../domain/words/plan.ts';
import type { RunSpec } from '../domain/spec/spec.ts';

/** As many steps in the trainer's hands as pawl keeps there. */
const PIPELINE_STEPS = 2;

export interface ClientLoopOptions {
  readonly stack: DisturbedStack;
  readonly spec: RunSpec;
  /** Of a run of this spec: the loop trains on the same data in the same order. */
  readonly plan: Plan;
  /** Of the trainer; never used before. */
  readonly id: string;
  /** Saves what a checkpoint saves after every so many steps, without waiting for it. */
  readonly saveEvery?: number;
}

/** Milliseconds from the first step's admission to the last one's end. */
export async function clientLoop(options: ClientLoopOptions): Promise<number> {
  const backend = createFireworksBackend({ apiKey: SANDBOX_KEY, baseUrl: options.stack.sandboxUrl });
  const signal = new AbortController().signal;
  try {
    await rent(backend, options, signal);
    return await train(backend, options, signal);
  } finally {
    await backend.provisioner.deleteTrainer(options.id, signal);
    await backend.close();
  }
}

async function rent(backend: Backend, { spec, plan, id }: ClientLoopOptions, signal: AbortSignal): Promise<void> {
  const { shape } = spec.model;
  const request = { id, shape, baseModel: plan.baseModel, loraRank: 0, learningRate: 1, displayName: id };
  await backend.provisioner.createTrainer(request, signal);
  while (!(await backend.trainer(id).healthy(signal))) await sleep(50);
}

async function train(
  backend: Backend,
  { stack, spec, plan, id, saveEvery }: ClientLoopOptions,
  signal: AbortSignal,
): Promise<number> {
  const trainer = backend.trainer(id);
  const dataset = await openDataset(openArtifacts(join(stack.home, 'artifacts')), plan.dataset);
  const sessionId = await trainer.createSession([], signal);
  const created = await trainer.createModel({ sessionId, modelSeq: 0, baseModel: plan.baseModel }, signal);
  const { modelId } = await created.result(signal);
  const { steps, batchSize, seed, optimizer } = spec.train;
  const pairs = spec.loop === 'preference';
  // The slopes of a pair depend on the forward pass; nothing else does, and here nobody waits for them.
  const passes = pairs ? (['forward', 'forwardBackward'] as const) : (['forwardBackward'] as const);

  let seq = 1;
  const inFlight: Pending<unknown>[][] = [];
  const settle = async (): Promise<void> => {
    for (const pending of inFlight.shift() ?? []) await pending.result(signal);
  };
  const startedMs = performance.now();
  for (let step = 1; step <= steps; step++) {
    if (inFlight.length >= PIPELINE_STEPS) await settle();
    const rows = batchIndices({ examples: plan.examples, batchSize, seed, step });
    const data = toDatums(await dataset.read(pairs ? rows.flatMap((row) => [2 * row, 2 * row + 1]) : rows));
    const adam = { ...optimizer, learningRate: learningRate(spec.train, step) };
    const requests: Pending<unknown>[] = [];
    for (const pass of passes) {
      for (const part of chunk(data, plan.chunksPerStep)) {
        requests.push(await trainer[pass]({ modelId, seq: seq++, data: part }, signal));
      }
    }
    requests.push(await trainer.optimStep({ modelId, seq: seq++, adam }, signal));
    if (saveEvery !== undefined && step % saveEvery === 0 && step < steps) {
      requests.push(await trainer.saveState({ modelId, seq: seq++, name: `state-${step}` }, signal));
      requests.push(
        await trainer.saveSnapshot({ modelId, seq: seq++, name: `snapshot-${step}`, type: 'base' }, signal),
      );
    }
    inFlight.push(requests);
  }
  while (inFlight.length > 0) await settle();
  return performance.now() - startedMs;
}
