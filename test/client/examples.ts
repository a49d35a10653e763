/** Runs as the store and Temporal would tell of them: what the tests of rendering and of changes look at. */
import type { StoredCheckpoint, StoredRun } from '../../store/index.ts';
import { colours } from '../../client/cli/render/colours.ts';
import type { RunView } from '../../client/runs/run-view.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import type { RunStatus, VerdictKind } from '../../domain/words/run.ts';

export const RUN_ID = 'demo-1a2b3c4d';
export const PLAIN = colours(false);

export const SPEC = RunSpec.parse({
  name: 'demo',
  model: { shape: 'accounts/fireworks/trainingShapes/tiny', tokenizer: '/t.json' },
  data: { train: '/d.jsonl' },
  train: { steps: 400, batchSize: 4, optimizer: { learningRate: 0.001 } },
  checkpoint: { every: 100 },
  evaluate: { prompts: '/p.jsonl' },
});

export const STORED: StoredRun = {
  runId: RUN_ID,
  name: 'demo',
  spec: SPEC,
  phase: 'train',
  step: 100,
  generation: 1,
  outcome: 'running',
  createdAt: '2026-11-23T16:00:00.000Z',
  updatedAt: '2026-11-23T16:01:00.000Z',
};

export const STATUS: RunStatus = {
  runId: RUN_ID,
  standing: 'live',
  phase: 'train',
  step: 120,
  steps: 400,
  generation: 1,
  lossMean: 2.1342,
  secondsPerStep: 0.114,
  checkpoint: 'step-000100-g1',
  identity: 'step-000100-g1-1a2b3c4d',
  score: 0.121,
  baselineScore: 0,
  bestScore: 0.121,
  rentedSinceMs: 1_000_000,
  costPerHour: 0,
  stopRequested: false,
  pauseRequested: false,
  rewinds: 0,
};

export const VIEW: RunView = { runId: RUN_ID, outcome: 'running', status: STATUS, stored: STORED };

export function judgedCheckpoint(step: number, score: number, kind: VerdictKind, reason: string): StoredCheckpoint {
  const name = `step-${String(step).padStart(6, '0')}-g1`;
  const identity = `${name}-1a2b3c4d`;
  return {
    checkpoint: {
      name,
      step,
      generation: 1,
      statePath: `/states/${name}`,
      snapshotType: step === 0 ? 'base' : 'delta',
      identity,
    },
    evaluation: {
      id: `${RUN_ID}/${name}/a1`,
      checkpoint: name,
      step,
      identity,
      promptSet: 'c0ffee',
      metric: 'exact_match',
      score,
      low: Math.max(0, score - 0.04),
      high: score + 0.04,
      samples: 256,
      missing: 0,
    },
    verdict: { kind, reason },
    savedAt: '2026-11-23T16:00:30.000Z',
  };
}
