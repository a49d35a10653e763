/**
 * How fast the sandbox is: a step of the demo's model beside the bare library's own loop in the same process, the same
 * step through the wire, and the HTTP layer by itself. Loopback only; about half a minute.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createApp } from '../sandbox/app.ts';
import { BASE_MODELS } from '../sandbox/catalog.ts';
import { readConfig } from '../sandbox/config.ts';
import { TrainerEngine } from '../sandbox/model/engine.ts';
import { type Sequence } from '../sandbox/model/sequence.ts';
import { initialWeights } from '../sandbox/model/initial.ts';
import { layoutOf } from '../sandbox/model/layout.ts';
import { fullParameters } from '../sandbox/model/parameters.ts';
import { uniformOf } from '../sandbox/model/random.ts';
import { TrainedModel } from '../sandbox/trainer/trained-model.ts';
import { bareLoop } from './bare-loop.ts';
import { WireModel } from './wire-model.ts';

const BATCH = 64;
const LENGTH = 20;
const STEPS = 40;
const WARM_UP = 3;
const WARM_UP_MS = 1_000;
const REQUEST_MS = 2_000;
const CONNECTIONS = 16;

const ADAM = { learningRate: 0.01, beta1: 0.9, beta2: 0.98, eps: 1e-8, weightDecay: 0.01, gradClipNorm: 0 };

/** The same batches for everybody. */
function batches(vocab: number): readonly (readonly Sequence[])[] {
  const uniform = uniformOf('bench');
  return Array.from({ length: 8 }, () =>
    Array.from({ length: BATCH }, () => {
      const tokens = Int32Array.from({ length: LENGTH + 1 }, () => Math.floor(uniform() * vocab));
      return { tokens: tokens.slice(0, -1), targets: tokens.slice(1), weights: new Float32Array(LENGTH).fill(1) };
    }),
  );
}

type Step = (rows: readonly Sequence[]) => unknown;

/** Milliseconds per step of each, in turns, so that a busy machine slows all alike; medians, for the same reason. */
async function timed(steps: readonly Step[], data: readonly (readonly Sequence[])[]): Promise<number[]> {
  const durations = steps.map((): number[] => []);
  for (let at = -WARM_UP; at < STEPS; at++) {
    for (const [who, step] of steps.entries()) {
      const startedAt = performance.now();
      await step(data[(at + WARM_UP) % data.length] ?? []);
      if (at >= 0) durations[who]?.push(performance.now() - startedAt);
    }
  }
  return durations.map((some) => some.sort((a, b) => a - b)[Math.floor(some.length / 2)] ?? Number.NaN);
}

function engineStep(engine: TrainerEngine, weights: Float32Array): Step {
  const parameters = fullParameters(weights);
  const model = new TrainedModel(engine, {
    baseModel: 'bench',
    parameters,
    baseOnly: false,
    strictNames: true,
    emptyStep: 'refuse',
  });
  return (rows) => {
    const batch = rows.map((sequence) => ({ sequence, lossTokens: sequence.tokens.length }));
    model.forwardBackward({ op: 'forward_backward', model: '', loss: 'cross_entropy', config: {}, batch });
    model.optimStep({ op: 'optim_step', model: '', adam: ADAM, normalization: 'none', normMetrics: false });
  };
}

/** Requests per second that are answered, over a few connections that are kept. */
async function requestRate(ask: () => Promise<unknown>, forMs: number): Promise<number> {
  const startedAt = performance.now();
  let answered = 0;
  const connection = async (): Promise<void> => {
    while (performance.now() - startedAt < forMs) {
      await ask();
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return (answered * 1000) / (performance.now() - startedAt);
}

function line(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(58)} ${value}\n`);
}

function tellSteps(what: string, milliseconds: number, reference: number): void {
  const rate = Math.round((BATCH * LENGTH * 1000) / milliseconds);
  const ratio = (milliseconds / reference).toFixed(2);
  line(
    what,
    `${milliseconds.toFixed(1).padStart(7)} ms/step ${String(rate).padStart(7)} tokens/s ${ratio.padStart(6)}×`,
  );
}

async function run(): Promise<void> {
  const [demo] = BASE_MODELS;
  if (demo === undefined) throw new Error('the catalog is empty');
  const { config } = demo;
  const weights = initialWeights(config, 'bench');
  const data = batches(config.vocab);
  line(`${demo.name}: ${layoutOf(config).size} weights`, `${BATCH} sequences of ${LENGTH} tokens`);

  const state = mkdtempSync(join(tmpdir(), 'pawl-bench-'));
  const flags = readConfig(['--port', '0', '--state', state, '--startup-ms', '0']);
  if (flags === 'help') return;
  const app = createApp(flags, pino({ level: 'silent' }));
  try {
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const wire = await WireModel.create(url, demo.name);
    const own = engineStep(await TrainerEngine.create(config), weights);
    const steps = [await bareLoop(config, weights), own, (rows: readonly Sequence[]) => wire.step(rows)];
    const [bare = 0, engine = 0, wired = 0] = await timed(steps, data);
    tellSteps('the bare library: compiled step, AdamW included', bare, bare);
    tellSteps("the trainer's own step, same process (goal ≤ 1.15×)", engine, bare);
    tellSteps('the same through HTTP and a process of its own', wired, bare);
    const requests = {
      'GET job, the control plane': () => wire.job(),
      'POST session_heartbeat, a trainer': () => wire.heartbeat(),
    };
    for (const [what, ask] of Object.entries(requests)) {
      await requestRate(ask, WARM_UP_MS);
      line(what, `${Math.round(await requestRate(ask, REQUEST_MS))} requests/s`);
    }
  } finally {
    await app.close();
    rmSync(state, { recursive: true, force: true });
  }
}

await run();
