/** The local stack: a Temporal server, the platform's sandbox, and workers; started, found and stopped as one. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from '../config.ts';
import { UserError } from '../errors.ts';
import { apiFor } from './api-process.ts';
import { homeCheck } from './doctor-machine.ts';
import { watchLiveness } from './liveness.ts';
import { choosePort, LOOPBACK, onFreePorts, type AskedPort } from './ports.ts';
import { keepProcess, type ProcessEvent } from './process.ts';
import { sandboxProcess, workerProcess } from './programs.ts';
import { markOf } from './process-mark.ts';
import { refuseRentedElsewhere } from './rented-elsewhere.ts';
import { Roster } from './roster.ts';
import { SANDBOX_KEY } from './sandbox-key.ts';
import { claimStack, type StackInfo } from './stack-file.ts';
import { resolveTemporalBinary } from './temporal-binary.ts';
import { whyUnreachable } from './temporal-ready.ts';
import { startTemporal } from './temporal-server.ts';

export { readStack, type StackInfo } from './stack-file.ts';

/** The sandbox's own default. */
const SANDBOX_PORT = { customary: 7480, purpose: 'the sandbox', option: '--sandbox-port' };
const REACHABLE_TIMEOUT_MS = 3_000;
/** What is shorter is a word, which is not taken out of messages either. */
const SHORTEST_KEY = 8;
const API_PORT = { customary: 7470, purpose: 'the HTTP API', option: '--api-port' };
const TIER = { temporal: 0, sandbox: 1, worker: 2, server: 3 } as const;

export interface StackOptions {
  readonly config: ClientConfig;
  readonly platform: StackInfo['platform'];
  readonly workers?: number;
  /** A Temporal binary to use, before the one that the environment names. */
  readonly temporalBin?: string;
  readonly temporalPort?: AskedPort;
  readonly temporalUiPort?: AskedPort;
  readonly sandboxPort?: AskedPort;
  /** The HTTP API beside it, on loopback; absent: none. */
  readonly api?: { readonly port?: AskedPort };
  /** Never download a Temporal server. */
  readonly offline?: boolean;
  /** Also where machines of this home are rented at another platform: they stay rented. */
  readonly leaveRented?: boolean;
  /** One sentence for each thing that takes time, or went wrong and is put right. */
  readonly onProgress?: (message: string) => void;
}

export interface Stack {
  readonly temporalAddress: string;
  /** As other commands see it; process ids change when something had to be started again. */
  info(): StackInfo;
  /** Workers drain, then the sandbox stops, then Temporal. Calling it again waits for the same stop. */
  stop(): Promise<void>;
}

/** What every part needs to be started. */
interface Context {
  readonly options: StackOptions;
  readonly config: ClientConfig;
  readonly roster: Roster;
  readonly say: (message: string) => void;
  readonly onEvent: (event: ProcessEvent) => void;
}

/** Resolves once a run can be started. If any part fails to start, those that did are stopped before this rejects. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { config } = options;
  requireKey(options);
  await requireHome(config.home);
  if (options.leaveRented !== true) await refuseRentedElsewhere(config, options.platform);
  const say = options.onProgress ?? ((): void => undefined);
  const info = startingInfo(options);
  const roster = new Roster(await claimStack(config.home, info, say), info, say);
  const onEvent = (event: ProcessEvent): void => {
    say(describe(event));
    roster.publish();
  };
  const context: Context = { options, config, roster, say, onEvent };
  try {
    const [temporalAddress, sandboxUrl] = await allSettledOrFirstError(temporal(context), sandbox(context));
    // The API reads a store that the first worker makes or brings up to date.
    await workers(context, temporalAddress, sandboxUrl);
    if (options.api !== undefined) await api(context, temporalAddress, options.api);
    roster.publish({ state: 'running' });
    return { temporalAddress, info: () => roster.info(), stop: () => roster.stop() };
  } catch (error) {
    await roster.stop();
    throw error;
  }
}

function requireKey({ platform, config }: StackOptions): void {
  const { fireworksApiKey: key } = config;
  if (platform === 'sandbox') return;
  if (key !== undefined && key.length >= SHORTEST_KEY) return;
  if (key !== undefined) {
    throw new UserError(
      `FIREWORKS_API_KEY is only ${key.length} character${key.length === 1 ? '' : 's'} long, and no key of the platform is.`,
      'Set it to the whole key.',
    );
  }
  throw new UserError(
    'FIREWORKS_API_KEY is not set, and the Fireworks platform asks for it.',
    'Export a key that may train, or use the sandbox.',
  );
}

/** What `doctor` would say of it, before anything is made there. */
async function requireHome(home: string): Promise<void> {
  const { status, detail, remedy = '' } = await homeCheck(home);
  if (status === 'fail') throw new UserError(`pawl’s home cannot be used: ${detail}.`, remedy);
}

function startingInfo({ config, platform }: StackOptions): StackInfo {
  const mark = markOf(process.pid);
  return {
    pid: process.pid,
    ...(mark !== undefined && { mark }),
    startedAt: new Date().toISOString(),
    state: 'starting',
    temporalNamespace: config.temporalNamespace,
    taskQueue: config.taskQueue,
    platform,
    processes: {},
    logs: {},
  };
}

/** The first failure is reported only when nothing is still starting: otherwise it could not be stopped. */
async function allSettledOrFirstError<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}

/** Address of the user's own server if it answers, else of an embedded one. */
async function temporal(context: Context): Promise<string> {
  const { config, options, roster, say } = context;
  const usersAddress = await usersServer(context);
  if (usersAddress !== undefined) {
    roster.publish({ temporalAddress: usersAddress });
    return usersAddress;
  }
  const explicit = options.temporalBin ?? config.temporalBinary;
  const binary = await resolveTemporalBinary({
    cache: config.cache,
    env: config.inherited,
    onProgress: say,
    ...(explicit !== undefined && { explicit }),
    ...(options.offline !== undefined && { offline: options.offline }),
  });
  const logFile = logFileOf(config, 'temporal');
  const server = await startTemporal({
    binary: binary.path,
    dbFile: join(config.home, 'temporal', 'temporal.db'),
    logFile,
    namespace: config.temporalNamespace,
    env: config.inherited,
    onEvent: context.onEvent,
    ...(options.temporalPort !== undefined && { port: options.temporalPort }),
    ...(options.temporalUiPort !== undefined && { uiPort: options.temporalUiPort }),
  });
  roster.add({ name: 'temporal', tier: TIER.temporal, logFile, pid: () => server.pid(), stop: () => server.stop() });
  roster.publish({ temporalAddress: server.address, temporalUiUrl: server.uiUrl });
  say(`Temporal ${binary.version} at ${server.address}, web UI at ${server.uiUrl}`);
  return server.address;
}

async function usersServer({ config, say }: Context): Promise<string | undefined> {
  const { temporalAddress, temporalNamespace } = config;
  if (temporalAddress === undefined) return undefined;
  const reason = await whyUnreachable(temporalAddress, temporalNamespace, REACHABLE_TIMEOUT_MS);
  if (reason === undefined) {
    say(`Temporal at ${temporalAddress}, as TEMPORAL_ADDRESS says`);
    return temporalAddress;
  }
  say(`TEMPORAL_ADDRESS=${temporalAddress} cannot be used (${reason}): starting a Temporal server of pawl’s own`);
  return undefined;
}

async function sandbox(context: Context): Promise<string | undefined> {
  const { config, options, roster, say } = context;
  if (options.platform === 'fireworks') return undefined;
  const logFile = logFileOf(config, 'sandbox');
  const stateFolder = join(config.home, 'sandbox');
  const kept = await onFreePorts(
    async () => choosePort(options.sandboxPort, SANDBOX_PORT),
    async (port) => keepProcess(sandboxProcess({ port, stateFolder, logFile, env: config.inherited }), context.onEvent),
  );
  roster.add({ name: 'sandbox', tier: TIER.sandbox, logFile, pid: () => kept.pid(), stop: () => kept.stop() });
  const { url } = kept.value();
  roster.publish({ sandboxUrl: url });
  say(`Sandbox at ${url}`);
  return url;
}

async function workers(context: Context, temporalAddress: string, sandboxUrl: string | undefined): Promise<void> {
  const { config, options, say } = context;
  const count = options.workers ?? 1;
  const platform =
    sandboxUrl === undefined ? config.platform : { FIREWORKS_BASE_URL: sandboxUrl, FIREWORKS_API_KEY: SANDBOX_KEY };
  const env = {
    ...config.inherited,
    ...platform,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: config.temporalNamespace,
    PAWL_TASK_QUEUE: config.taskQueue,
    PAWL_HOME: config.home,
  };
  const names = Array.from({ length: count }, (_, index) => (count === 1 ? 'worker' : `worker-${index + 1}`));
  const results = await Promise.allSettled(names.map((name) => worker(context, name, env)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  say(count === 1 ? 'One worker polls' : `${count} workers poll`);
}

async function worker(context: Context, name: string, env: Readonly<Record<string, string>>): Promise<void> {
  const logFile = logFileOf(context.config, name);
  const file = join(context.config.home, 'logs', `${name}.alive`);
  const program = workerProcess({ name, logFile, env: { ...env, PAWL_LIVENESS_FILE: file } });
  const kept = await keepProcess(program, context.onEvent);
  const pid = (): number | undefined => kept.pid();
  const onStandstill = (seconds: number): void =>
    context.say(`${name} polls, but has not moved for ${seconds} s: it is ended, and started again`);
  const unwatch = watchLiveness({ file, pid, onStandstill });
  const stop = async (): Promise<void> => {
    unwatch();
    await kept.stop();
    await rm(file, { force: true });
  };
  context.roster.add({ name, tier: TIER.worker, logFile, pid, stop });
  context.roster.publish({ taskQueue: kept.value().taskQueue });
}

async function api(context: Context, temporalAddress: string, { port }: { port?: AskedPort }): Promise<void> {
  const { config, roster, say } = context;
  const logFile = logFileOf(config, 'server');
  const env = { TEMPORAL_ADDRESS: temporalAddress };
  const kept = await onFreePorts(
    async () => choosePort(port, API_PORT),
    async (free) => apiFor(config, { host: LOOPBACK, port: free, logFile, env }, context.onEvent),
  );
  roster.add({ name: 'server', tier: TIER.server, logFile, pid: () => kept.pid(), stop: () => kept.stop() });
  const { url } = kept.value();
  roster.publish({ apiUrl: url });
  say(`HTTP API at ${url}`);
}

function logFileOf(config: ClientConfig, name: string): string {
  return join(config.home, 'logs', `${name}.log`);
}

function describe({ name, kind, detail }: ProcessEvent): string {
  if (kind === 'ended') return `${name} ${detail}; starting it again`;
  if (kind === 'restarted') return `${name} runs again (${detail})`;
  return `${name} could not be started again and is tried once more: ${detail}`;
}
