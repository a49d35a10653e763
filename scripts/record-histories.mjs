/**
 * Records the histories of real runs for the replay test, into the folder of this version; those of earlier versions
 * stay as they are, and must replay for ever. Builds what is stale first.
 *
 *     node scripts/record-histories.mjs [NAME…]
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { ensureAll, root } from './ensure.mjs';

ensureAll();
const { Client, Connection } = await import('@temporalio/client');
const { Pawl } = await built('test/e2e/pawl.js');
const { writeExperiment } = await built('test/e2e/experiment.js');

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = join(root, 'test', 'histories', version);
const pawl = new Pawl();

const TRAIN = { steps: 12, batchSize: 4, seed: 3, windowSteps: 2, optimizer: { learningRate: 0.01 } };
const ENDLESS = { ...TRAIN, steps: 100_000 };
const EVALUATE = { prompts: 'heldout.jsonl', grader: 'edit_similarity', maxTokens: 2, concurrency: 8 };

/** Each starts runs and returns the ids of the workflows whose histories are kept. */
const scenarios = {
  finished: async () => [await finished({})],
  blocking: async () => [await finished({ evaluate: { ...EVALUATE, mode: 'blocking' } })],
  adapters: async () => [await finished({ model: { ...model('ts-pawl-nano-lora'), lora: { rank: 4 } } })],
  target: async () => [await finished({ policy: { target: 0.0001 } })],
  diverged: async () => [await finished({ policy: { maxLoss: 0.001 } })],
  failed: async () => [await finished({ model: model('nothing') })],

  /** What a run begins beside itself for each of its checkpoints. */
  proved: async () => {
    const runId = await finished({});
    return [1, 2, 3].map((number) => `${runId}-proof-${number}`);
  },

  stopped: async () => {
    const runId = await training({ train: ENDLESS });
    await pawl.run(['stop', runId]);
    return [await over(runId)];
  },

  cancelled: async () => {
    const runId = await training({ train: ENDLESS });
    await pawl.run(['stop', runId, '--now']);
    return [await over(runId)];
  },

  'worker-killed': async () => {
    const runId = await training({});
    await pawl.killWorker();
    return [await over(runId)];
  },

  rewound: async () => {
    const runId = await training({ train: { ...TRAIN, steps: 40 }, checkpoint: { every: 10 } });
    const { processes } = await pawl.ledger();
    process.kill(processes.trainers[`${runId}-trainer`], 'SIGKILL');
    return [await over(runId)];
  },

  'paused-and-resumed': async () => {
    const runId = await paused();
    await pawl.run(['resume', runId]);
    await pawl.until(runId, ({ status }) => status?.phase === 'train');
    await pawl.run(['stop', runId]);
    return [await over(runId)];
  },

  'paused-and-stopped': async () => {
    const runId = await paused();
    await pawl.run(['stop', runId]);
    return [await over(runId)];
  },

  'continued-as-new': async () => [await finished({ train: { ...TRAIN, steps: 60 }, checkpoint: { every: 1 } })],

  branched: async () => {
    const parent = await finished({});
    const { stdout } = await pawl.run(['branch', `${parent}@4`, '--detach', '--set', 'train.learningRate=0.02']);
    return [await over(stdout.trim())];
  },

  /** The run that reaches a plateau, the workflow that tries its branches, and the branches. */
  'branched-by-policy': async () => {
    const settings = [0.02, 0.005].map((rate) => ({
      'train.optimizer.learningRate': rate,
      'policy.plateau.patience': 99,
    }));
    const plateau = { patience: 1, minGain: 0.99, trial: 1, branches: settings };
    const parent = await finished({ train: { ...TRAIN, steps: 40 }, policy: { plateau } });
    const { branches } = await pawl.until(parent, (run) => run.branches?.reason !== undefined);
    const ids = branches.branches.map(({ runId }) => runId);
    for (const runId of ids) await over(runId);
    return [parent, `${parent}-branches`, ...ids];
  },

  /** A run of two suites whose result is promoted, once somebody agreed; and the workflow of the alias. */
  promoted: async () => {
    const suites = { exact: { prompts: 'heldout.jsonl', maxTokens: 2 } };
    const train = { ...TRAIN, steps: 60, batchSize: 16 };
    const runId = await finished({ train, checkpoint: { every: 30 }, evaluate: { ...EVALUATE, suites } });
    await pawl.run(['promote', runId, '--to', 'prod', '--approval', '--detach']);
    await pawl.run(['approve', 'prod']);
    const { stdout } = await pawl.run(['promotions', 'prod']);
    if (!stdout.includes('champion')) throw new Error(stdout);
    return [runId, ...(await workflowsOf('promotions'))];
  },

  /** What brings checkpoints of a run that is over to replicas again, and what is removed afterwards. */
  served: async () => {
    const before = new Set(await workflowsBeside());
    // Long answers, which an untrained model gives and a trained one does not: a fall to be found.
    const grader = { module: 'long.mjs', binary: true };
    const file = join(pawl.home, 'experiment', grader.module);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'export const score = (output) => (output.trim().length > 9 ? 1 : 0);');
    const runId = await finished({
      train: { ...TRAIN, steps: 24, batchSize: 16, schedule: { warmupSteps: 24 }, optimizer: { learningRate: 0.004 } },
      checkpoint: { every: 3, baseEvery: 4 },
      evaluate: { ...EVALUATE, suites: { long: { prompts: 'heldout.jsonl', grader, maxTokens: 8, every: 100 } } },
      deployment: { onFinish: 'keep' },
    });
    await pawl.run(['reproduce', `${runId}@9`]);
    await pawl.run(['rollback', `${runId}-deploy`, `${runId}@9`]);
    await pawl.run(['bisect', runId, '--suite', 'long']);
    await pawl.run(['gc', '--yes']);
    return (await workflowsBeside()).filter((id) => !before.has(id));
  },

  /** A sweep that stops some of its trials early, and the trials. */
  swept: async () => {
    const folder = join(pawl.home, 'swept');
    const experiment = writeExperiment(folder, {
      train: { ...TRAIN, steps: 8, batchSize: 8 },
      checkpoint: { every: 4 },
      evaluate: EVALUATE,
    });
    const file = join(folder, 'rates.yaml');
    const rates = 'train.optimizer.learningRate: { values: [0.02, 0.00001, 0.000001, 0.01] }';
    const rules = 'stopEarly: { rule: asha, reduction: 2, minSteps: 4 }\nconcurrency: 2';
    writeFileSync(file, `name: rates\nexperiment: ${experiment}\nmethod: grid\nparameters:\n  ${rates}\n${rules}\n`);
    const { stdout } = await pawl.run(['sweep', 'run', file, '--detach']);
    const sweepId = stdout.trim();
    await pawl.run(['sweep', 'show', sweepId, '--follow']);
    const shown = JSON.parse((await pawl.run(['sweep', 'show', sweepId, '--output', 'json'])).stdout);
    return [sweepId, ...shown.trials.map(({ runId }) => runId)];
  },

  reconciled: async () => {
    await pawl.worker('eager', { PAWL_LEASE_GRACE_SECONDS: '1', PAWL_RECONCILE_SECONDS: '86400' });
    const runId = await training({ train: ENDLESS });
    await temporal.workflow.getHandle(runId).terminate('to be reconciled');
    await sleep(1_000);
    await pawl.run(['reconcile'], { PAWL_TASK_QUEUE: 'eager' });
    return [runId, ...(await workflowsOf('reconcile')).filter((id) => id.includes('by-hand'))];
  },
};

/** Those that serve checkpoints again, or remove what nothing leads to. */
async function workflowsBeside() {
  return workflowsOf('appraise', 'rollback', 'bisect', 'gc');
}

async function workflowsOf(...names) {
  const types = names.map((name) => `WorkflowType = "${name}"`).join(' OR ');
  const ids = [];
  for await (const { workflowId } of temporal.workflow.list({ query: types })) ids.push(workflowId);
  return ids;
}

function experiment(changes) {
  const data = join(pawl.home, 'experiment');
  mkdirSync(data, { recursive: true });
  copyFileSync(join(root, 'sandbox', 'models', 'tokenizer.json'), join(data, 'tokenizer.json'));
  const small = {
    model: model('ts-pawl-nano'),
    train: TRAIN,
    checkpoint: { every: 4, baseEvery: 3 },
    evaluate: EVALUATE,
  };
  return writeExperiment(data, { ...small, ...changes });
}

function model(shape) {
  return { shape: `accounts/fireworks/trainingShapes/${shape}`, tokenizer: 'tokenizer.json' };
}

async function training(changes) {
  const runId = await pawl.start([experiment(changes)]);
  await pawl.until(runId, ({ steps }) => steps.length >= 2);
  return runId;
}

async function paused() {
  const runId = await training({ train: ENDLESS });
  await pawl.run(['pause', runId]);
  await pawl.until(runId, ({ status }) => status?.phase === 'paused');
  return runId;
}

async function finished(changes) {
  return over(await pawl.start([experiment(changes)]));
}

async function over(runId) {
  await pawl.until(runId, ({ outcome }) => ['finished', 'failed', 'cancelled', 'crashed'].includes(outcome));
  return runId;
}

/** A run that was continued as new has a history for each part. */
async function* historiesOf(workflowId) {
  const parts = [];
  for await (const part of temporal.workflow.list({ query: `WorkflowId = "${workflowId}"` })) parts.push(part);
  parts.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
  for (const { runId } of parts) {
    const history = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    yield portable(history);
  }
}

/**
 * Plain JSON of a decoded history: enums and 64-bit numbers as protobuf decodes them, bytes as the text they nearly always
 * are. Not the SDK's `historyToJSON`: it fails where npm installed protobufjs more than once.
 */
function portable(value, key) {
  // What was recorded here must not tell where.
  if (key === 'identity' || key === 'stackTrace') return undefined;
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value);
    const text = bytes.toString();
    return Buffer.from(text).equals(bytes) ? { $utf8: neutral(text) } : { $base64: bytes.toString('base64') };
  }
  if (typeof value === 'string') return neutral(value);
  if (Array.isArray(value)) return value.map((item) => portable(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, portable(item, name)]));
}

function neutral(text) {
  const names = [
    [pawl.home, '/home/pawl'],
    [root.replace(/\/$/, ''), '/app'],
    [hostname(), 'host'],
  ];
  return names.reduce((result, [name, instead]) => result.replaceAll(name, instead), text);
}

function built(path) {
  return import(pathToFileURL(join(root, 'lib', path)).href);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in scenarios));
if (unknown.length > 0)
  throw new Error(`no scenario ${unknown.join(', ')}: there are ${Object.keys(scenarios).join(', ')}`);

mkdirSync(folder, { recursive: true });
const stack = await pawl.up();
const connection = await Connection.connect({ address: stack.temporalAddress });
const temporal = new Client({ connection, namespace: stack.temporalNamespace });
try {
  for (const [name, record] of Object.entries(scenarios)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const histories = [];
    for (const workflowId of await record()) {
      for await (const history of historiesOf(workflowId)) histories.push(history);
    }
    for (const [index, history] of histories.entries()) {
      const part = histories.length === 1 ? '' : `-${index + 1}`;
      const bytes = gzipSync(JSON.stringify(history), { level: 9 });
      writeFileSync(join(folder, `${name}${part}.json.gz`), bytes);
      console.log(`${name}${part}: ${history.events.length} events, ${bytes.length} bytes`);
    }
  }
} finally {
  await connection.close();
  await pawl.cleanUp();
}
