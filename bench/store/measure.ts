/**
 * What questions to a large store take: 5,000 runs; one of them with 5,000 checkpoints of 256 prompts and five million
 * steps, another with half a million. And what a step costs when it is recorded, beside the bare insert of its row.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runReport } from '../../client/cli/render/run-report.ts';
import { replayLines } from '../../client/cli/render/replay.ts';
import { runTable } from '../../client/cli/render/run-table.ts';
import { colours } from '../../client/cli/render/colours.ts';
import { packageRoot } from '../../client/local/paths.ts';
import { replayRun } from '../../client/replay/replay-run.ts';
import { mergeRuns } from '../../client/runs/run-list.ts';
import { readDetails } from '../../client/runs/run-details.ts';
import { storeFile } from '../../client/runs/run-store.ts';
import { openStore, type StoreReader } from '../../store/index.ts';
import { median } from '../statistics.ts';
import { LONG, REPLAYED, SPEC, fillStore, type StoreSize } from './fill.ts';
import { measureStepCost, type StepCost } from './step-cost.ts';

interface Asked {
  readonly question: string;
  /** Medians over the rounds: of the clock, and of this process's own work. */
  readonly ms: number;
  readonly cpuMs: number;
}

export interface StoreMeasures {
  readonly megabytes: number;
  readonly asked: readonly Asked[];
  readonly step: StepCost;
}

/** What pawl promises to answer about within a second, or a part of it. */
function sizeOf(scale: number): StoreSize {
  const some = (count: number): number => Math.ceil(count * scale);
  return {
    runs: some(5_000),
    checkpoints: some(5_000),
    prompts: 256,
    steps: some(5_000_000),
    replayedSteps: some(500_000),
  };
}

export async function measureStore(options: {
  rounds: number;
  /** Of the full size; for a quick look. */
  scale: number;
  log: (message: string) => void;
}): Promise<StoreMeasures> {
  const { rounds, scale, log } = options;
  const home = mkdtempSync(join(tmpdir(), 'pawl-bench-store-'));
  try {
    const path = storeFile(home);
    await fillStore(path, sizeOf(scale), log);
    const asked: Asked[] = [];
    for (const [question, ask] of Object.entries(QUESTIONS)) {
      log(question);
      const times: { ms: number; cpuMs: number }[] = [];
      for (let round = 0; round < rounds; round++) {
        const reader = await openStore({ path, readonly: true });
        const [from, used] = [performance.now(), process.cpuUsage()];
        await ask(reader);
        const { user, system } = process.cpuUsage(used);
        times.push({ ms: performance.now() - from, cpuMs: (user + system) / 1_000 });
        await reader.close();
      }
      asked.push({ question, ms: median(times.map(({ ms }) => ms)), cpuMs: median(times.map(({ cpuMs }) => cpuMs)) });
    }
    asked.push(commandLine(home, rounds));
    log('recording steps');
    return { megabytes: statSync(path).size / 1e6, asked, step: await measureStepCost(home, { rounds }) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const PLAIN = colours(false);
const COLUMNS = 120;

const QUESTIONS: Readonly<Record<string, (reader: StoreReader) => Promise<unknown>>> = {
  'list, 50 runs': async (reader) => runTable(mergeRuns(await reader.listRuns({ limit: 50 }), [], 50), COLUMNS),
  'list, all runs': async (reader) => runTable(mergeRuns(await reader.listRuns({ limit: 5_000 }), [], 5_000), COLUMNS),
  show: async (reader) => {
    const stored = await reader.getRun(LONG);
    const view = { runId: LONG, outcome: stored.outcome, stored };
    return runReport({ ...view, ...(await readDetails(reader, view, { checkpoints: 100 })) }, PLAIN, COLUMNS);
  },
  'a look of --follow': async (reader) => [
    await reader.getRun(LONG),
    await reader.judgedCheckpoints(LONG, { after: 4_999, limit: 100 }),
    await reader.newestSteps(LONG, { limit: 1 }),
  ],
  'a page of steps in the middle': (reader) => reader.steps(LONG, { afterStep: 2_000_000, limit: 1_000 }),
  'all steps in 1,000 spans, metrics too': (reader) => reader.stepSpans(LONG, { spans: 1_000, metrics: true }),
  'all checkpoints': (reader) => reader.checkpointReports(LONG),
  'samples of one evaluation': (reader) => reader.samples(`${LONG}/step-2000/a1`),
  'replay, own policy (spike, budget)': async (reader) =>
    replayLines(await replayRun(reader, REPLAYED), PLAIN, COLUMNS),
  'replay, a limit of tokens': (reader) =>
    replayRun(reader, REPLAYED, { policy: SPEC.policy, budget: { maxTokens: 1_000_000_000 } }),
};

/** With the start of Node and all that the command imports. */
function commandLine(home: string, rounds: number): Asked {
  const program = join(packageRoot(), 'lib', 'client', 'cli', 'main.js');
  const times = Array.from({ length: rounds }, () => {
    const from = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [program, 'replay', REPLAYED], {
      env: { PATH: '', HOME: home, PAWL_HOME: home },
      encoding: 'utf8',
      maxBuffer: 1e9,
    });
    if (status !== 0) throw new Error(`pawl replay: ${stderr}`);
    return performance.now() - from;
  });
  return { question: 'pawl replay, as a command', ms: median(times), cpuMs: Number.NaN };
}
