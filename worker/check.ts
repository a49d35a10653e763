/**
 * `node lib/worker/check.js`: looks at the experiment that stands on its input, says how far it is and then what it
 * found, a JSON object a line. It needs no Temporal and no store; a platform is asked for the shape where one is named.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createFireworksBackend, retriesWithin } from '../activities/backends/fireworks/index.ts';
import { compiledThread, openPool } from '../activities/compute/pool.ts';
import type { StartPorts } from '../activities/run/start-from.ts';
import { checkExperiment } from '../activities/run/check.ts';
import type { PromptRecords } from '../activities/upkeep/prompts.ts';
import { createUserCode } from '../activities/user-code/user-code.ts';
import { RunSpec } from '../domain/spec/spec.ts';
import type { CheckLine, CheckOrder, CheckReport } from '../domain/words/check.ts';
import { openArtifacts } from '../store/artifacts/artifacts.ts';
import { openStore, PawlError, type StoreReader } from '../store/index.ts';
import { readLookConfig, type WorkerConfig } from './config.ts';
import { openLogger } from './logger.ts';

/** A platform that is silent leaves the shape unknown, which is said. */
const PLATFORM_MS = 10_000;

function say(line: CheckLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main(): Promise<void> {
  const { config, asks } = readLookConfig();
  const { spec } = JSON.parse(await text(process.stdin)) as CheckOrder;
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  say({ report: await look(config, RunSpec.parse(spec), { asks, signal: stop.signal }) });
}

async function look(
  config: WorkerConfig,
  spec: RunSpec,
  { asks, signal }: { asks: boolean; signal: AbortSignal },
): Promise<CheckReport> {
  const artifacts = openArtifacts(join(config.home, 'artifacts'));
  const compute = openPool({ thread: compiledThread() });
  const userCode = createUserCode({ artifacts, ...config.userCode });
  const records = await recordsOf(config.home);
  const platform = asks ? openPlatform(config) : undefined;
  try {
    const ports = { artifacts, compute, userCode, secrets: config.graderSecrets, store: records.store };
    return await checkExperiment(
      { ...ports, resolveShape: platform?.resolveShape, start: startPorts(platform, records.reader) },
      spec,
      {
        date: new Date().toISOString().slice(0, 'YYYY-MM-DD'.length),
        signal,
        onProgress: ({ ranges, of, examples }) =>
          say({ progress: { percent: Math.floor((100 * ranges) / of), examples } }),
      },
    );
  } finally {
    await Promise.all([compute.close(), userCode.close(), platform?.close(), records.close()]);
  }
}

function openPlatform(config: WorkerConfig) {
  const logger = openLogger('error');
  const backend = createFireworksBackend({ ...config.fireworks, retries: retriesWithin(PLATFORM_MS), logger });
  return {
    resolveShape: (shape: string, signal: AbortSignal) =>
      backend.provisioner.resolveShape(shape, AbortSignal.any([signal, AbortSignal.timeout(2 * PLATFORM_MS)])),
    adapter: (name: string, signal: AbortSignal) =>
      backend.provisioner.adapter(name, AbortSignal.any([signal, AbortSignal.timeout(2 * PLATFORM_MS)])),
    close: () => backend.close(),
  };
}

/** Weights to begin with are looked up where both are there: the platform, and what was recorded of runs and aliases. */
function startPorts(
  platform: ReturnType<typeof openPlatform> | undefined,
  reader: StoreReader | undefined,
): StartPorts | undefined {
  if (platform === undefined) return undefined;
  const { adapter } = platform;
  const nothing = (what: string): Promise<never> =>
    Promise.reject(
      new PawlError(
        'InvalidRequest',
        `train.startFrom: nothing is recorded of ${what} here. Submit it where it ran, or name an adapter.`,
      ),
    );
  const store = reader ?? {
    champions: () => nothing('an alias'),
    getRun: () => nothing('a run'),
    checkpointAt: () => nothing('a run'),
  };
  return { store, provisioner: { adapter } };
}

/** Sets that were added before may be named; one that is made of a file is recorded by the run that asks it. */
async function recordsOf(
  home: string,
): Promise<{ store: PromptRecords; reader: StoreReader | undefined; close: () => Promise<void> }> {
  const path = join(home, 'pawl.db');
  const reader = existsSync(path) ? await openStore({ path, readonly: true }) : undefined;
  return {
    store: { promptSets: async () => (await reader?.promptSets()) ?? [], savePromptSet: async () => undefined },
    reader,
    close: async () => reader?.close(),
  };
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    say({ failed: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  },
);
