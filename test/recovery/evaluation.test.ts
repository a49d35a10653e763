/** Evaluation is evidence: whatever dies or is changed meanwhile, each sample is drawn once, and of one identity. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fireworks } from '../../activities/backends/fireworks/index.ts';
import { openStore, type ProducedSample, type SampleRecord, type StoreReader } from '../../store/index.ts';
import { DisturbedStack } from '../../chaos/stack.ts';
import type { Exchange, Fate } from '../../chaos/wire.ts';
import { loadExperiment, storeFile, type RunDetails } from '../../client/index.ts';
import { SANDBOX_KEY } from '../../client/local/sandbox-key.ts';
import { writeExperiment } from '../e2e/experiment.ts';
import { NANO } from '../sandbox/harness.ts';

const CONCURRENCY = 4;
/** Answers are drawn, not the likeliest: that a repeated request has the same answer is then no matter of course. */
const EVALUATE = {
  prompts: 'heldout.jsonl',
  grader: 'edit_similarity',
  maxTokens: 8,
  temperature: 1,
  samplesPerPrompt: 2,
  concurrency: CONCURRENCY,
  mode: 'blocking',
};
const CHANGES = {
  train: { steps: 4, batchSize: 16, seed: 3, optimizer: { learningRate: 0.01 } },
  checkpoint: { every: 4 },
  evaluate: EVALUATE,
};
/** 24 prompts, twice. */
const SAMPLES = 48;

let running: DisturbedStack | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
}, 300_000);

async function started(fate: DisturbedStack['fate']): Promise<{ stack: DisturbedStack; runId: string }> {
  const stack = await DisturbedStack.start({ workers: 1 });
  running = stack;
  stack.fate = fate;
  const spec = await loadExperiment(writeExperiment(join(stack.home, 'experiment'), CHANGES));
  return { stack, ...(await stack.runs.start(spec)) };
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function newGate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

async function finished({ runs }: DisturbedStack, runId: string): Promise<RunDetails> {
  const { outcome } = await runs.result(runId);
  expect(outcome).toBe('finished');
  return runs.show(runId);
}

async function reading<T>({ home }: DisturbedStack, read: (reader: StoreReader) => Promise<T>): Promise<T> {
  const reader = await openStore({ path: storeFile(home), readonly: true });
  try {
    return await read(reader);
  } finally {
    await reader.close();
  }
}

/** Whether a deployment answers at all is asked without an id. */
function isSample({ path, headers }: Exchange): boolean {
  return path.endsWith('/completions') && headers['x-request-id'] !== undefined;
}

function producedOf(samples: readonly SampleRecord[]): ProducedSample[] {
  return samples.filter((sample): sample is ProducedSample => sample.kind === 'produced');
}

/** Every time a sample was asked for, by its request id. */
class Asked {
  readonly #bodies = new Map<string, string[]>();
  readonly #answers = new Map<string, string[]>();

  get ids(): string[] {
    return [...this.#bodies.keys()];
  }

  note({ headers, body }: Exchange): string {
    const id = String(headers['x-request-id']);
    this.#bodies.set(id, [...this.bodies(id), body.toString()]);
    return id;
  }

  /** The tokens that a stream of events ends with. */
  noteAnswer(id: string, stream: string): void {
    const [, tokens = ''] = /"completion_token_ids":(\[[\d,]*\])/.exec(stream) ?? [];
    this.#answers.set(id, [...this.answers(id), tokens]);
  }

  bodies(id: string): string[] {
    return this.#bodies.get(id) ?? [];
  }

  answers(id: string): string[] {
    return this.#answers.get(id) ?? [];
  }
}

describe('an evaluation', () => {
  test('whose worker is killed asks again only for what was in flight, and is answered the same', async () => {
    const asked = new Asked();
    const inFlight = new Set<string>();
    const gate = newGate();
    let killed = false;
    const fate = (exchange: Exchange): Fate => {
      if (!isSample(exchange)) return {};
      const id = asked.note(exchange);
      const hold = !killed && asked.ids.length > 12;
      return {
        after: async ({ body }) => {
          asked.noteAnswer(id, body.toString());
          if (!hold) return;
          // The deployment has answered, and nobody heard of it.
          inFlight.add(id);
          await gate.opened;
        },
        reply: hold ? 'lost' : 'whole',
      };
    };
    const { stack, runId } = await started(fate);
    while (inFlight.size < CONCURRENCY) await sleep(20);
    const pid = stack.pid('worker-1');
    if (pid === undefined) throw new Error('the worker does not run');
    process.kill(pid, 'SIGKILL');
    killed = true;
    gate.open();
    const { checkpoints } = await finished(stack, runId);

    expect(checkpoints.map(({ evaluation }) => evaluation?.samples)).toEqual([SAMPLES, SAMPLES]);
    expect(checkpoints.map(({ evaluation }) => evaluation?.missing)).toEqual([0, 0]);
    expect(asked.ids).toHaveLength(2 * SAMPLES);
    const often = asked.ids.filter((id) => asked.bodies(id).length > 1);
    expect(new Set(often)).toEqual(inFlight);
    for (const id of inFlight) {
      const [first, ...again] = asked.bodies(id);
      expect(again).toEqual([first]);
      const [answer, ...repeated] = asked.answers(id);
      expect(answer).toMatch(/^\[\d/);
      expect(repeated).toEqual([answer]);
    }
    // What is stored is what the deployment said, sample by sample: none is lost, none is there twice.
    const stored = await reading(stack, async (reader) =>
      Promise.all(checkpoints.map(({ evaluation }) => reader.samples(evaluation?.id ?? ''))),
    );
    const kept = producedOf(stored.flat()).map(({ tokens }) => JSON.stringify(tokens));
    expect(kept.sort()).toEqual(asked.ids.map((id) => asked.answers(id).at(-1) ?? '').sort());
  }, 600_000);

  test('whose replicas are given other weights meanwhile is void, and repeated', async () => {
    const held = newGate();
    const gate = newGate();
    let asked = 0;
    const fate = (exchange: Exchange): Fate => {
      if (!isSample(exchange)) return {};
      asked += 1;
      // In the middle of the second evaluation.
      if (asked !== SAMPLES + SAMPLES / 2) return {};
      return {
        before: async () => {
          held.open();
          await gate.opened;
        },
      };
    };
    const { stack, runId } = await started(fate);
    await held.opened;
    const stranger = await resync(stack, runId);
    gate.open();
    const { checkpoints, events } = await finished(stack, runId);

    const evaluations = await reading(stack, (reader) => reader.evaluations(runId));
    const voided = evaluations.filter((evaluation) => evaluation.kind === 'void');
    expect(voided).toMatchObject([{ step: 4, reason: expect.stringContaining(stranger) }]);
    expect(events.find(({ key }) => key === `void/${voided[0]?.id}`)).toMatchObject({
      level: 'warn',
      message: expect.stringMatching(/^step-000004-g1: the evaluation is void: .* not step-000004-g1-/),
    });
    const last = checkpoints.at(-1);
    // The same weights under a new name, and every answer of theirs.
    expect(last?.evaluation).toMatchObject({ samples: SAMPLES, missing: 0 });
    expect(last?.evaluation?.identity).toBe(last?.checkpoint.identity);
    expect(last?.checkpoint.identity).not.toBe(voided[0]?.identity);
    const samples = await reading(stack, (reader) => reader.samples(last?.evaluation?.id ?? ''));
    expect(new Set(producedOf(samples).map(({ servedIdentity }) => servedIdentity))).toEqual(
      new Set([last?.checkpoint.identity]),
    );
  }, 600_000);
});

/** A model that the run knows nothing of, on its trainer and its deployment; the identity that is served then. */
async function resync({ sandboxUrl }: DisturbedStack, runId: string): Promise<string> {
  const fireworks = new Fireworks({ apiKey: SANDBOX_KEY, baseUrl: sandboxUrl });
  try {
    const client = await fireworks.createTrainingClient({ trainerId: `${runId}-trainer`, baseModel: NANO });
    const deployments = [{ deploymentId: `${runId}-deploy`, baseModel: NANO, replicas: 1 }];
    const { identity } = await fireworks.weightSync({ client, deployments }).saveAndSync('stranger');
    client.close();
    return identity;
  } finally {
    await fireworks.close();
  }
}
