/** The HTTP API as a process of its own, kept running. */
import { z } from 'zod';
import type { ClientConfig } from '../config.ts';
import { builtProgram } from './paths.ts';
import { keepProcess, type KeptProcess, type ProcessEvent } from './process.ts';

const READY_TIMEOUT_MS = 120_000;
/** Streams that are followed are ended at once; what is asked at that moment is answered. */
const STOP_TIMEOUT_MS = 10_000;

const ServerLine = z.object({ url: z.url() });

export interface ApiPlace {
  readonly host: string;
  readonly port: number;
  readonly logFile: string;
  /** Further names that it is asked by. */
  readonly names?: readonly string[];
  readonly requireToken?: boolean;
  /** Where runs are, where the environment does not say it. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function apiFor(
  config: ClientConfig,
  { host, port, logFile, names = [], requireToken = false, env = {} }: ApiPlace,
  onEvent: (event: ProcessEvent) => void,
): Promise<KeptProcess<z.output<typeof ServerLine>>> {
  const program = builtProgram('server/main');
  return keepProcess(
    {
      name: 'server',
      command: process.execPath,
      args: [
        program,
        '--host',
        host,
        '--port',
        String(port),
        ...names.flatMap((name) => ['--name', name]),
        ...(requireToken ? ['--require-token'] : []),
      ],
      env: {
        ...config.inherited,
        PAWL_HOME: config.home,
        PAWL_TASK_QUEUE: config.taskQueue,
        TEMPORAL_NAMESPACE: config.temporalNamespace,
        ...(config.temporalAddress !== undefined && { TEMPORAL_ADDRESS: config.temporalAddress }),
        ...env,
      },
      logFile,
      ready: { by: 'line', parse: (line) => ServerLine.parse(JSON.parse(line)) },
      readyTimeoutMs: READY_TIMEOUT_MS,
      stopTimeoutMs: STOP_TIMEOUT_MS,
    },
    onEvent,
  );
}
