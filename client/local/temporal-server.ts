/** An embedded Temporal server: persistent, kept running, its web UI on, gone when we are. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { choosePort, LOOPBACK, onFreePorts, type AskedPort } from './ports.ts';
import { keepProcess, type BackOff, type ProcessEvent } from './process.ts';
import { temporalReady } from './temporal-ready.ts';

/** Temporal's customary ports, used while they are free: a bookmarked UI stays where it was. */
const PORT = { customary: 7233, purpose: 'Temporal', option: '--temporal-port' };
const UI_PORT = { customary: 8233, purpose: 'Temporal’s web UI', option: '--temporal-ui-port' };

/**
 * The default of 20 polls a second holds a sequential workflow to 20 tasks a second on any hardware, that is 50 to
 * 100 ms for each activity; it bounds the latency of one loop and not what the server can carry.
 */
const POLLS_PER_SECOND = 2000;

export interface TemporalOptions {
  readonly binary: string;
  /** SQLite file; its folder is made if need be. */
  readonly dbFile: string;
  readonly logFile: string;
  readonly namespace: string;
  readonly env: Readonly<Record<string, string>>;
  /** Named and in use: an error. */
  readonly port?: AskedPort;
  readonly uiPort?: AskedPort;
  readonly onEvent?: (event: ProcessEvent) => void;
  /** How soon it is started again; absent: as every other part of the local stack. */
  readonly backOff?: BackOff;
}

export interface TemporalServer {
  readonly address: string;
  readonly uiUrl: string;
  /** Absent while it is being started again after a crash. */
  pid(): number | undefined;
  stop(): Promise<void>;
}

/** Resolves once the server answers for its namespace. If it crashes later it comes back on the same ports and file. */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  await mkdir(dirname(options.dbFile), { recursive: true });
  return onFreePorts(
    async () => [await choosePort(options.port, PORT), await choosePort(options.uiPort, UI_PORT)] as const,
    async ([port, uiPort]) => startOn(options, port, uiPort),
  );
}

async function startOn(options: TemporalOptions, port: number, uiPort: number): Promise<TemporalServer> {
  const process = await keepProcess(
    {
      name: 'Temporal',
      command: options.binary,
      args: serverArguments(options, port, uiPort),
      env: options.env,
      logFile: options.logFile,
      ready: { by: 'probe', probe: (signal) => temporalReady(port, options.namespace, signal) },
      readyTimeoutMs: 60_000,
      stopTimeoutMs: 10_000,
    },
    options.onEvent,
    options.backOff,
  );
  return {
    address: `${LOOPBACK}:${port}`,
    uiUrl: `http://${LOOPBACK}:${uiPort}`,
    pid: () => process.pid(),
    stop: () => process.stop(),
  };
}

function serverArguments(options: TemporalOptions, port: number, uiPort: number): readonly string[] {
  const flags: Readonly<Record<string, string>> = {
    '--ip': LOOPBACK,
    '--port': String(port),
    '--ui-port': String(uiPort),
    '--namespace': options.namespace,
    '--db-filename': options.dbFile,
    // The write-ahead log spares most of the rollback journal's 25 fsyncs for each training step, and is as durable.
    '--sqlite-pragma': 'journal_mode=wal',
    '--log-level': 'warn',
    '--color': 'never',
  };
  const dynamic = ['transfer', 'timer'].map((queue) => `history.${queue}ProcessorMaxPollRPS=${POLLS_PER_SECOND}`);
  return [
    'server',
    'start-dev',
    ...Object.entries(flags).flat(),
    ...dynamic.flatMap((d) => ['--dynamic-config-value', d]),
  ];
}
