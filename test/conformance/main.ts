/** `main.js PYTHON PACKAGES`: each client drives a sandbox of its own; prints the table, and fails if any check does. */
import Table from 'cli-table3';
import { join } from 'node:path';
import { z } from 'zod';
import { Sandbox } from '../sandbox/harness.ts';
import type { Check } from './check.ts';
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
async function driven(drive: (url: string) => AsyncIterable<Check>): Promise<Driven> {
  const since = performance.now();
  const sandbox = await Sandbox.start();
  const recorder = await Recorder.start(sandbox.url);
  try {
    const checks: Check[] = [];
    for await (const check of drive(recorder.url)) checks.push(check);
    checks.push(await nothingLeft(sandbox));
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
    ...Object.keys(processes.trainers),
    ...Object.keys(processes.replicas),
    ...rented.deployments.map((deployment) => JSON.stringify(deployment)),
  ];
  return { name: 'nothing left rented or running', ok: left.length === 0, figure: left.join(', ') || '0', numbers: [] };
}

function print(title: string, { checks, seconds }: Driven): void {
  const table = new Table({ head: [title, '', 'figure'], style: { head: [], border: [], compact: true } });
  for (const { name, ok, figure } of checks) table.push([name, ok ? 'ok' : 'FAILED', figure.split('\n')[0]]);
  process.stdout.write(`${table.toString()}\n${checks.length} checks, ${seconds.toFixed(1)} s\n`);
}

const [command, packages] = process.argv.slice(2);
if (command === undefined || packages === undefined) throw new Error('usage: main.js PYTHON PACKAGES');
const sdk = await driven((url) => driveWithSdk({ command, packages }, url, FLOW));
print('vendor SDK', sdk);
process.exitCode = sdk.checks.every(({ ok }) => ok) ? 0 : 1;
