/** Looks at everything pawl needs, and says of each thing whether it is there, what it is, and what to do if not. */
import type { Check, Finding } from './finding.ts';
import type { ClientConfig } from '../config.ts';
import { messageOf } from '../errors.ts';
import { cacheCheck, diskCheck, homeCheck, nodeCheck } from './doctor-machine.ts';
import {
  apiCheck,
  platformCheck,
  storeCheck,
  temporalBinaryCheck,
  temporalServerCheck,
  workerCheck,
} from './doctor-services.ts';
import { locate, type Whereabouts } from './locate.ts';

const CHECK_TIMEOUT_MS = 10_000;

/** Runs every check at once, each bounded in time. Never rejects, installs nothing, writes nothing that stays. */
export async function diagnose(config: ClientConfig): Promise<readonly Check[]> {
  const { temporalNamespace, taskQueue } = config;
  const place = await locate(config).catch((): Whereabouts => ({ temporalNamespace, taskQueue }));
  const address = place.temporalAddress;
  const checks: Record<string, () => Promise<Finding>> = {
    'Node.js': nodeCheck,
    home: () => homeCheck(config.home),
    cache: () => cacheCheck(config.cache),
    'disk space': () => diskCheck(config.home),
    'Temporal binary': () => temporalBinaryCheck(config, address !== undefined),
    'Temporal server': () => temporalServerCheck(address, place.temporalNamespace),
    worker: () => workerCheck(place, config.home),
    platform: () => platformCheck(config, place.stack),
    store: () => storeCheck(config.home),
    'HTTP API': () => apiCheck(place.stack),
  };
  return Promise.all(Object.entries(checks).map(async ([name, check]) => ({ name, ...(await bounded(check)) })));
}

async function bounded(check: () => Promise<Finding>): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding>((resolve) => {
    const detail = `no answer within ${CHECK_TIMEOUT_MS / 1000} s`;
    timer = setTimeout(() => resolve({ status: 'fail', detail, remedy: 'Try again.' }), CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return { status: 'fail', detail: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
