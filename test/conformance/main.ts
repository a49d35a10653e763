/** `main.js PYTHON PACKAGES`: each client drives a sandbox of its own; prints the table, and fails if any check does. */
import Table from 'cli-table3';
import { join } from 'node:path';
import { z } from 'zod';
import { Sandbox } from '../sandbox/harness.ts';
import type { Check } from './check.ts';
import { compareNumbers, compareSequences, compareSignatures } from './compare.ts';
import { driveWithPawl } from './drive.ts';
import { readFlow } from './flow.ts';
import { Recorder, type Recorded } from './recorder.ts';
import { driveWithSdk } from './sdk.ts';

const FLOW = join(process.cwd(), 'test', 'conformance', 'flow.json');

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

function print(title: string, checks: readonly Check[]): void {
  const table = new Table({ head: [title, '', 'figure'], style: { head: [], border: [], compact: true } });
  for (const { name, ok, figure } of checks) table.push([name, ok ? 'ok' : 'FAILED', ok ? figure : 'see below']);
  const failures = checks.filter(({ ok }) => !ok).map(({ name, figure }) => `FAILED ${name}:\n${figure}\n`);
  process.stdout.write(`${table.toString()}\n${failures.join('')}`);
}

const [command, packages] = process.argv.slice(2);
if (command === undefined || packages === undefined) throw new Error('usage: main.js PYTHON PACKAGES');
// Side by side: most of the SDK's time is spent between polls.
const drives = [
  driven(async (url) => driveWithSdk({ command, packages }, url, FLOW)),
  driven(async (url) => driveWithPawl(readFlow(FLOW), url)),
] as const;
// Both have cleaned up after themselves before the failure of one ends this process.
await Promise.allSettled(drives);
const [sdk, pawl] = await Promise.all(drives);
const compared = [
  compareNumbers(sdk.checks, pawl.checks),
  compareSignatures(sdk.requests, pawl.requests),
  compareSequences(sdk.requests, pawl.requests),
];
print(`vendor SDK, ${sdk.seconds.toFixed(1)} s`, sdk.checks);
print(`pawl, ${pawl.seconds.toFixed(1)} s`, pawl.checks);
print('compared', compared);
const failed = [...sdk.checks, ...pawl.checks, ...compared].filter(({ ok }) => !ok);
process.exitCode = failed.length === 0 ? 0 : 1;
