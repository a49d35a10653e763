/** The checks of `doctor` that concern what pawl talks to. */
import { existsSync } from 'node:fs';
import { openStore, PawlError, type StoredWorker } from '../../store/index.ts';
import type { ClientConfig } from '../config.ts';
import { messageOf, UnreachableError } from '../errors.ts';
import { RunStore, storeFile } from '../runs/run-store.ts';
import { isPresent, TaskQueues } from '../runs/task-queues.ts';
import { TemporalLink } from '../temporal/temporal-link.ts';
import type { Finding } from './finding.ts';
import type { Whereabouts } from './locate.ts';
import { SANDBOX_KEY } from './sandbox-key.ts';
import type { StackInfo } from './stack-file.ts';
import { resolveTemporalBinary } from './temporal-binary.ts';
import { whyUnreachable } from './temporal-ready.ts';

const CALL_TIMEOUT_MS = 5_000;
const PLATFORM_URL = 'https://api.fireworks.ai';
const START_STACK = 'Start one with: pawl up';

export async function temporalBinaryCheck(config: ClientConfig, serverKnown: boolean): Promise<Finding> {
  try {
    const { path, version, source } = await resolveTemporalBinary({
      cache: config.cache,
      env: config.inherited,
      offline: true,
      ...(config.temporalBinary !== undefined && { explicit: config.temporalBinary }),
    });
    return { status: 'ok', detail: `${version} (${source === 'PATH' ? 'on PATH' : path})` };
  } catch (error) {
    if (config.temporalBinary !== undefined) return { status: 'fail', detail: messageOf(error) };
    if (serverKnown) return { status: 'ok', detail: 'none, and none is needed' };
    return { status: 'warn', detail: 'none yet', remedy: 'Nothing to do: the first local start installs it (45 MB).' };
  }
}

export async function temporalServerCheck(address: string | undefined, namespace: string): Promise<Finding> {
  if (address === undefined) return { status: 'warn', detail: 'none is running', remedy: START_STACK };
  const reason = await whyUnreachable(address, namespace, CALL_TIMEOUT_MS);
  if (reason === undefined) return { status: 'ok', detail: `${address}, namespace ${namespace}` };
  return {
    status: 'fail',
    detail: `${address}: ${reason}`,
    remedy: 'Check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, or unset them to use a server of pawl’s own.',
  };
}

export async function workerCheck(where: Whereabouts, home: string): Promise<Finding> {
  const remedy = START_STACK;
  const { temporalAddress: address, temporalNamespace: namespace, taskQueue: name } = where;
  if (address === undefined) return { status: 'warn', detail: 'none, as there is no Temporal server', remedy };
  const store = new RunStore(storeFile(home));
  const link = new TemporalLink({ address, namespace, queues: new TaskQueues(store, name) });
  try {
    const taskQueue = await link.queue();
    if (!(await link.hasWorker(taskQueue))) return { status: 'warn', detail: `none polls ${taskQueue}`, remedy };
    return movement(taskQueue, (await (await store.reader())?.workers()) ?? []);
  } catch (error) {
    return { status: error instanceof UnreachableError ? 'fail' : 'warn', detail: messageOf(error) };
  } finally {
    await Promise.all([link.close(), store.close()]);
  }
}

/** Polling is done beside the event loop, so it goes on when the loop stands still. */
function movement(taskQueue: string, workers: readonly StoredWorker[]): Finding {
  const polling = workers.filter((worker) => worker.taskQueue === taskQueue && worker.endedAt === undefined);
  const [last] = polling;
  if (last === undefined || polling.some((worker) => isPresent(worker))) {
    return { status: 'ok', detail: `polls ${taskQueue}` };
  }
  const seconds = Math.round((Date.now() - Date.parse(last.movedAt)) / 1000);
  return {
    status: 'fail',
    detail: `polls ${taskQueue}, but has not moved for ${seconds} s`,
    remedy: 'See its log; `pawl up` starts one that stands still again by itself, any other must be started again.',
  };
}

export async function platformCheck(config: ClientConfig, stack: StackInfo | undefined): Promise<Finding> {
  const sandboxUrl = stack?.sandboxUrl;
  const key = sandboxUrl === undefined ? config.fireworksApiKey : SANDBOX_KEY;
  if (key === undefined) {
    const remedy = 'Nothing to do for the sandbox; for the real platform set FIREWORKS_API_KEY.';
    return { status: 'warn', detail: 'no API key', remedy };
  }
  const base = sandboxUrl ?? config.fireworksBaseUrl ?? PLATFORM_URL;
  try {
    const { request } = await import('./http.ts');
    const { statusCode, body } = await request(new URL('/v1/accounts?pageSize=2', base), {
      headers: { authorization: `Bearer ${key}` },
      headersTimeout: CALL_TIMEOUT_MS,
      bodyTimeout: CALL_TIMEOUT_MS,
    });
    await body.dump();
    return platformFinding(base, statusCode);
  } catch (error) {
    return {
      status: 'fail',
      detail: `${base}: ${messageOf(error)}`,
      remedy: 'Check the network and FIREWORKS_BASE_URL.',
    };
  }
}

function platformFinding(base: string, statusCode: number): Finding {
  if (statusCode === 200) return { status: 'ok', detail: `${base} accepts the key` };
  if (statusCode === 401 || statusCode === 403) {
    return {
      status: 'fail',
      detail: `${base} refuses the key`,
      remedy: 'Set FIREWORKS_API_KEY to a key that may train.',
    };
  }
  return {
    status: 'fail',
    detail: `${base} answered ${statusCode}`,
    remedy: 'Check FIREWORKS_BASE_URL, or try later.',
  };
}

export async function apiCheck(stack: StackInfo | undefined): Promise<Finding> {
  const url = stack?.apiUrl;
  if (url === undefined) return { status: 'ok', detail: 'none of this home’s stack (pawl serve starts one by itself)' };
  try {
    const { request } = await import('./http.ts');
    const times = { headersTimeout: CALL_TIMEOUT_MS, bodyTimeout: CALL_TIMEOUT_MS };
    const { statusCode, body } = await request(new URL('/healthz', url), times);
    await body.dump();
    if (statusCode === 200) return { status: 'ok', detail: url };
    return { status: 'fail', detail: `${url} answered ${statusCode}`, remedy: 'See logs/server.log in the home.' };
  } catch (error) {
    return { status: 'fail', detail: `${url}: ${messageOf(error)}`, remedy: 'See logs/server.log in the home.' };
  }
}

export async function storeCheck(home: string): Promise<Finding> {
  const path = storeFile(home);
  if (!existsSync(path)) return { status: 'ok', detail: `${path} (the first worker makes it)` };
  try {
    const store = await openStore({ path, readonly: true });
    await store.close();
    return { status: 'ok', detail: path };
  } catch (error) {
    // What the store refuses itself, it says with its own way out.
    if (error instanceof PawlError) return { status: 'fail', detail: error.message };
    return {
      status: 'fail',
      detail: messageOf(error),
      remedy: `Restore ${path} from a backup, or choose another PAWL_HOME.`,
    };
  }
}
