/** How pawl's own programs, the sandbox and the worker, are started by the local stack, and how they say they are ready. */
import { z } from 'zod';
import { builtProgram } from './paths.ts';
import type { ProcessOptions } from './process.ts';

const READY_TIMEOUT_MS = 120_000;

const SandboxLine = z.object({ url: z.url() });
const WorkerLine = z.object({ ready: z.literal(true), taskQueue: z.string() });

export function sandboxProcess(options: {
  readonly port: number;
  readonly stateFolder: string;
  readonly logFile: string;
  readonly env: Readonly<Record<string, string>>;
}): ProcessOptions<z.output<typeof SandboxLine>> {
  const program = builtProgram('sandbox/main');
  return {
    name: 'sandbox',
    command: process.execPath,
    args: [program, '--port', String(options.port), '--state', options.stateFolder],
    env: options.env,
    logFile: options.logFile,
    ready: { by: 'line', parse: (line) => SandboxLine.parse(JSON.parse(line)) },
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopTimeoutMs: 10_000,
  };
}

export function workerProcess(options: {
  readonly name: string;
  readonly logFile: string;
  readonly env: Readonly<Record<string, string>>;
}): ProcessOptions<z.output<typeof WorkerLine>> {
  return {
    name: options.name,
    command: process.execPath,
    args: [builtProgram('worker/main')],
    env: options.env,
    logFile: options.logFile,
    ready: { by: 'line', parse: (line) => WorkerLine.parse(JSON.parse(line)) },
    readyTimeoutMs: READY_TIMEOUT_MS,
    // Draining lets activities in flight end by themselves, which is what makes a restart cheap.
    stopTimeoutMs: 30_000,
  };
}
