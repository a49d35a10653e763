/** `main.js PYTHON PACKAGES [newest|oldest]`: each client drives a sandbox of its own; prints the table, and fails if any check does. */
import Table from 'cli-table3';
import { join } from 'node:path';
import { z } from 'zod';
import { Sandbox } from '../sandbox/harness.ts';
import type { Check } from './check.ts';
import { compareNumbers, compareRecipes, compareSequences, compareSignatures } from './compare.ts';
import { DisturbedStack } from '../../chaos/stack.ts';
import { driveWithPawl } from './drive.ts';
import { readFlow } from './flow.ts';
import { readJob, runRecipes, writeJob } from './recipes.ts';
import { Recorder, type Recorded } from './recorder.ts';
import { runScript, type Python } from './sdk.ts';

const FLOW = join(process.cwd(), 'test', 'conformance', 'flow.json');
const JOB = join(process.cwd(), 'test', 'conformance', 'recipes.json');

interface Driven {
  readonly checks: readonly Check[];
  readonly requests: readonly Recorded[];
  readonly seconds: number;
}

const Ledger = z.object({
  rented: z.object({ trainerJobs: z.array(z.string()), deployments: z.array(z.unknown()) }),
  processes: z.object({
    trainers: z.record(z.string(), z.number()),
    replicas: z.record(z.string(), z.array(z.number())),
  }),
});

/** A fresh sandbox, driven through a recorder; nothing of it is left afterwards. */
async function driven(drive: (url: string) => Promise<readonly Check[]>): Promise<Driven> {
  const since = performance.now();
  const sandbox = await Sandbox.start();
  const recorder = await Recorder.start(sandbox.url);
  try {
    const checks = [...(await drive(recorder.url)), await nothingLeft(sandbox)];
    return { checks, requests: recorder.requests, seconds: (performance.now() - since) / 1000 };
  } finally {
    await recorder.close();
    await sandbox.close();
  }
}

async function nothingLeft(sandbox: Sandbox): Promise<Check> {
  const { rented, processes } = Ledger.parse(await sandbox.ok('GET', '/sandbox/v1/ledger'));
  const left = [
    ...rented.trainerJobs,
    ...rented.deployments.map((deployment) => JSON.stringify(deployment)),
    ...Object.keys(processes.trainers),
    ...Object.keys(processes.replicas),
  ];
  return { name: 'nothing left rented or running', ok: left.length === 0, figure: left.join(', ') || '0', numbers: [] };
}

interface Recipes {
  readonly theirs: readonly Check[];
  readonly ours: readonly Check[];
  readonly seconds: number;
}

/** The vendor's recipes on its SDK, and runs of pawl from spec to end, on one platform. */
async function recipes(python: Python): Promise<Recipes> {
  const since = performance.now();
  const job = readJob(JOB);
  const stack = await DisturbedStack.start({ workers: 1, direct: true });
  try {
    const what = join(stack.home, 'job.json');
    writeJob(job, what);
    const both = [
      runScript(python, { script: 'recipes.py', url: stack.sandboxUrl, what }),
      runRecipes(stack, job),
    ] as const;
    await Promise.allSettled(both);
    const [theirs, ours] = await Promise.all(both);
    return { theirs, ours, seconds: (performance.now() - since) / 1000 };
  } finally {
    await stack.stop();
  }
}

function print(title: string, checks: readonly Check[]): void {
  const table = new Table({ head: [title, '', 'figure'], style: { head: [], border: [], compact: true } });
  for (const { name, ok, figure } of checks) table.push([name, ok ? 'ok' : 'FAILED', ok ? figure : 'see below']);
  const failures = checks.filter(({ ok }) => !ok).map(({ name, figure }) => `FAILED ${name}:\n${figure}\n`);
  process.stdout.write(`${table.toString()}\n${failures.join('')}`);
}

const [command, packages, which = 'newest'] = process.argv.slice(2);
if (command === undefined || packages === undefined || (which !== 'newest' && which !== 'oldest')) {
  throw new Error('usage: main.js PYTHON PACKAGES [newest|oldest]');
}
const python: Python = { command, packages, which };
// Side by side: most of the SDK's time is spent between polls.
const drives = [
  driven(async (url) => runScript(python, { script: 'drive.py', url, what: FLOW })),
  driven(async (url) => driveWithPawl(readFlow(FLOW), url)),
  recipes(python),
] as const;
// Both have cleaned up after themselves before the failure of one ends this process.
await Promise.allSettled(drives);
const [sdk, pawl, { theirs, ours, seconds }] = await Promise.all(drives);
const compared = [
  compareNumbers(sdk.checks, pawl.checks),
  compareSignatures(sdk.requests, pawl.requests, which),
  compareSequences(sdk.requests, pawl.requests),
  ...compareRecipes(theirs, ours),
];
print(`vendor SDK, the ${which}, ${sdk.seconds.toFixed(1)} s`, sdk.checks);
print(`pawl, ${pawl.seconds.toFixed(1)} s`, pawl.checks);
print(`recipes, ${seconds.toFixed(1)} s`, theirs);
print('runs of pawl on their data', ours);
print('compared', compared);
const failed = [...sdk.checks, ...pawl.checks, ...theirs, ...ours, ...compared].filter(({ ok }) => !ok);
process.exitCode = failed.length === 0 ? 0 : 1;
