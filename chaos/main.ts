/** `npm run chaos`: proof that a disturbed run ends as an undisturbed one does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeExperiment } from '../test/e2e/experiment.ts';
import type { Comparison } from './compare.ts';
import { requireKinds } from './faults.ts';
import { HELP, readOptions, type Options } from './options.ts';
import { describeTrial, faultsDone } from './report.ts';
import { DisturbedStack, type StackOptions } from './stack.ts';
import { runTrial, type Trial } from './trial.ts';
import { VARIANTS } from './variants.ts';

const EXIT = { same: 0, different: 1, unknown: 2 } as const;

async function main(options: Options): Promise<number> {
  const startedMs = performance.now();
  const log = (message: string): void => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(6);
    if (!options.quiet) process.stderr.write(`${seconds}  ${message}\n`);
  };
  const kinds = requireKinds(options.kind);
  const home = await mkdtemp(join(tmpdir(), 'pawl-chaos-'));
  const signal = AbortSignal.timeout(Math.round(options.minutes * 60_000));
  const stack = await DisturbedStack.start({ ...platform(options), workers: 2, home, log });
  let trial: Trial;
  let left: readonly number[] = [];
  try {
    const experiment = options.experiment ?? writeExperiment(join(home, 'experiment'));
    const { set, seed, kills, at: endpoints } = options;
    trial = await runTrial(stack, { experiment, set, seed, kills, kinds, endpoints, log, signal });
  } finally {
    left = await stack.stop();
    if (options.keep) log(`logs and databases are in ${home}`);
    else await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
  const comparisons: Comparison[] = [
    ...trial.comparisons,
    { name: 'no process left', equal: left.length === 0, detail: left.join(', ') },
  ];
  print(options, trial, comparisons);
  const missed = trial.adversary.planned - faultsDone(trial);
  if (missed > 0) throw new Error(`${missed} of ${trial.adversary.planned} faults never fell due: take a longer run`);
  return comparisons.every(({ equal }) => equal) ? EXIT.same : EXIT.different;
}

function print({ output }: Options, trial: Trial, comparisons: readonly Comparison[]): void {
  const faults = Object.fromEntries(trial.adversary.done);
  const { rewinds, stepsRepeated, undisturbedSeconds, disturbedSeconds } = trial;
  const facts = { faults, comparisons, rewinds, stepsRepeated, undisturbedSeconds, disturbedSeconds };
  process.stdout.write(`${output === 'json' ? JSON.stringify(facts) : describeTrial(trial, comparisons)}\n`);
}

/** What the sandbox and the workers are told beside the usual. */
function platform({ replay, variant, sandbox }: Options): Pick<StackOptions, 'sandboxFlags' | 'workerEnv'> {
  const forgetful = replay === 'none' ? ['--replay', 'none'] : [];
  return { sandboxFlags: [...VARIANTS[variant], ...forgetful, ...sandbox], workerEnv: { PAWL_TRAINER_REPLAY: replay } };
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(HELP);
  else process.exitCode = await main(options);
} catch (error) {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EXIT.unknown;
}
