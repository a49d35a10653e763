/** `npm run bench`: what pawl costs, measured as ratios in one run on one machine; loopback only. */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { measureBeside } from './beside.ts';
import { measureIdle } from './idle.ts';
import { measureLoad } from './load.ts';
import { measureOverhead, OVERHEAD_STEPS } from './overhead.ts';
import { measureRecovery } from './recovery.ts';
import { measurePairs } from './pairs.ts';
import { measurePlan } from './plan/measure.ts';
import { median } from './statistics.ts';
import { measureStore } from './store/measure.ts';
import { measureWaiting } from './waiting.ts';

const HELP = `Measures what pawl costs: ratios, all taken in one run on this machine.

  npm run bench                  everything; store and waiting take longest
  npm run bench -- overhead load

  overhead      wall time of steps through pawl ÷ the same steps in a bare loop; history per step
  idle          share of its time that a trainer waits while checkpoints are evaluated beside it
  pairs         share of its time that a trainer waits between the two passes of steps over preference pairs
  recovery      seconds from a worker's SIGKILL to the next step, with a second worker
  store         questions to a store of 5,000 runs, one of them with 5,000 checkpoints and five million steps
  load          many runs on one worker: steps per second, CPU, memory (Linux)
  waiting       one run beside many that wait for capacity: its steps per second, and how soon one of them stops (Linux)
  beside        one run of 50 ms steps beside a looping grader, a tokenizer of 28 MB, a million rows to plan and promotions
                over 100,000 prompts, all in one worker: its speed, its heartbeats, how soon it stops
  plan          rows planned per second and memory, beside Python's datasets.map where --python has it (Linux)

  --rounds N      interleaved rounds of overhead, idle and pairs; medians are printed (default 3)
  --scale X       of the store and of what is beside, of their full size       (default 1)
  --runs LIST     numbers of concurrent runs                                 (default 25,50,100,200)
  --waiting LIST  numbers of runs that wait                                  (default 0,50)
  --rows N        of the plan                                                (default 50000)
  --words N       of each of its conversations                               (default 135)
  --python PATH   an interpreter with datasets and transformers
  --help        print this
`;

const MEASURES = ['overhead', 'idle', 'pairs', 'recovery', 'load', 'store', 'waiting', 'beside', 'plan'] as const;
type Measure = (typeof MEASURES)[number];

interface Options {
  readonly rounds: number;
  readonly runs: readonly number[];
  readonly scale: number;
  readonly waiting: readonly number[];
  readonly rows: number;
  readonly words: number;
  readonly python?: string | undefined;
}

function log(message: string): void {
  process.stderr.write(`${message}\n`);
}

function print(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  process.stdout.write(`\n${title}\n${table.toString()}\n`);
}

async function overhead({ rounds }: Options): Promise<void> {
  const rows: string[][] = [];
  for (const [stepMs, steps] of Object.entries(OVERHEAD_STEPS)) {
    const measured = await measureOverhead({ stepMs: Number(stepMs), steps, rounds, log });
    const { bareMs, pawlMs, ratio, history } = measured;
    rows.push([
      `${stepMs} ms`,
      String(steps),
      (bareMs / steps).toFixed(2),
      (pawlMs / steps).toFixed(2),
      ratio.toFixed(3),
      String(history.windows),
      (history.windowEvents / steps).toFixed(2),
      String(history.events),
      String(history.bytes),
    ]);
  }
  const head = ['step', 'steps', 'bare ms', 'pawl ms', 'ratio', 'windows', 'events/step', 'events', 'bytes'];
  print('Overhead: milliseconds per step; history of the windows per step, and of the whole run', head, rows);
}

async function idle({ rounds }: Options): Promise<void> {
  const { stepMs, steps, checkpointEvery, busyMs, pawlMs, fraction } = await measureIdle({
    stepMs: 200,
    steps: 150,
    checkpointEvery: 50,
    rounds,
    log,
  });
  print(
    'Trainer idle while checkpoints are saved, synced and evaluated beside it',
    ['step', 'steps', 'checkpoint every', 'busy s', 'pawl s', 'idle'],
    [
      [
        `${stepMs} ms`,
        String(steps),
        String(checkpointEvery),
        (busyMs / 1000).toFixed(2),
        (pawlMs / 1000).toFixed(2),
        `${(fraction * 100).toFixed(1)} %`,
      ],
    ],
  );
}

async function pairs({ rounds }: Options): Promise<void> {
  const { passMs, stepMs, steps, chunks, busyMs, pawlMs, fraction } = await measurePairs({
    passMs: 45,
    stepMs: 20,
    steps: 100,
    rounds,
    log,
  });
  print(
    'Trainer idle between the two passes of a step over pairs',
    ['pass', 'passes of a step', 'update', 'steps', 'busy s', 'pawl s', 'idle'],
    [
      [
        `${passMs} ms`,
        String(2 * chunks),
        `${stepMs} ms`,
        String(steps),
        (busyMs / 1000).toFixed(2),
        (pawlMs / 1000).toFixed(2),
        `${(fraction * 100).toFixed(1)} %`,
      ],
    ],
  );
}

async function recovery(): Promise<void> {
  const seconds = await measureRecovery({ rounds: 7, log });
  print(
    'Recovery: seconds from SIGKILL of the worker to the next new step',
    ['rounds', 'median', 'worst'],
    [[String(seconds.length), median(seconds).toFixed(1), Math.max(...seconds).toFixed(1)]],
  );
}

async function load({ runs }: Options): Promise<void> {
  const rows = (await measureLoad({ counts: runs, log })).map((measured) => [
    String(measured.runs),
    measured.stepsPerSecond.toFixed(0),
    `${((100 * measured.stepsPerSecond) / measured.ideal).toFixed(0)} %`,
    measured.workerCpu.toFixed(2),
    measured.temporalCpu.toFixed(2),
    measured.sandboxCpu.toFixed(2),
    measured.workerMegabytes.toFixed(0),
  ]);
  const head = ['runs', 'steps/s', 'of ideal', 'worker cores', 'Temporal cores', 'sandbox cores', 'worker MB'];
  print('Concurrent runs of 200 ms steps on one worker', head, rows);
}

async function store({ rounds, scale }: Options): Promise<void> {
  const { megabytes, asked, step } = await measureStore({ rounds, scale, log });
  print(
    `Questions to a store of ${megabytes.toFixed(0)} MB, milliseconds`,
    ['question', 'clock', 'CPU'],
    asked.map(({ question, ms, cpuMs }) => [question, ms.toFixed(0), Number.isNaN(cpuMs) ? '' : cpuMs.toFixed(0)]),
  );
  const { bareUs, pawlUs, bareBytes, pawlBytes } = step;
  print(
    'A step recorded, beside the bare insert of its row',
    ['', 'bare', 'pawl', 'ratio'],
    [
      ['microseconds', bareUs.toFixed(0), pawlUs.toFixed(0), (pawlUs / bareUs).toFixed(2)],
      ['bytes on disk', bareBytes.toFixed(0), pawlBytes.toFixed(0), (pawlBytes / bareBytes).toFixed(2)],
    ],
  );
}

async function waiting(options: Options): Promise<void> {
  const rows = (await measureWaiting({ counts: options.waiting, log })).map((measured) => [
    String(measured.waiting),
    measured.stepsPerSecond.toFixed(2),
    measured.workerCpu.toFixed(2),
    measured.temporalCpu.toFixed(2),
    measured.sandboxCpu.toFixed(2),
    measured.workerMegabytes.toFixed(0),
    measured.stopSeconds?.toFixed(1) ?? '',
  ]);
  const head = ['waiting', 'steps/s', 'worker cores', 'Temporal cores', 'sandbox cores', 'worker MB', 'a stop, s'];
  print('A run of 200 ms steps beside runs that wait for capacity', head, rows);
}

async function beside({ scale }: Options): Promise<void> {
  const measured = await measureBeside({ scale, log });
  print(
    `A run of 50 ms steps beside ${measured.rows} rows to plan, ${measured.prompts} prompts to compare, a grader that loops`,
    ['alone, steps/s', 'beside, steps/s', 'ratio', 'activities repeated', 'steps after a stop', 'steps of a window'],
    [
      [
        measured.aloneStepsPerSecond.toFixed(2),
        measured.besideStepsPerSecond.toFixed(2),
        (measured.aloneStepsPerSecond / measured.besideStepsPerSecond).toFixed(2),
        String(measured.repeated),
        String(measured.stepsAfterStop),
        String(measured.windowSteps),
      ],
    ],
  );
  process.stdout.write(`going on meanwhile: ${measured.burdens.join('; ')}\n`);
}

async function plan({ rows, words, python }: Options): Promise<void> {
  const measured = await measurePlan({ rows, words, python, log });
  const own = measured[0]?.seconds ?? NaN;
  const lines = measured.map(({ by, rows: count, tokens, seconds, cpuSeconds, megabytes }) => [
    by,
    String(count),
    String(tokens),
    (count / seconds).toFixed(0),
    (count / cpuSeconds).toFixed(0),
    megabytes.toFixed(0),
    (seconds / own).toFixed(2),
  ]);
  const head = ['by', 'rows', 'tokens', 'rows/s', 'rows per CPU second', 'MB at most', 'time ÷ pawl'];
  print('Conversations planned, with a tokenizer of 260,000 tokens', head, lines);
}

const RUN: Readonly<Record<Measure, (options: Options) => Promise<void>>> = {
  overhead,
  idle,
  pairs,
  recovery,
  load,
  store,
  waiting,
  beside,
  plan,
};

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: text,
      runs: text,
      scale: text,
      waiting: text,
      rows: text,
      words: text,
      python: text,
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const wanted = MEASURES.filter((measure) => positionals.length === 0 || positionals.includes(measure));
  const unknown = positionals.filter((name) => !MEASURES.some((measure) => measure === name));
  if (unknown.length > 0) throw new Error(`no such measure: ${unknown.join(', ')}; use ${MEASURES.join(', ')}`);
  const options = {
    rounds: positive(values.rounds ?? '3', '--rounds'),
    scale: Number(values.scale ?? '1'),
    rows: positive(values.rows ?? '50000', '--rows'),
    words: positive(values.words ?? '135', '--words'),
    python: values.python,
    runs: (values.runs ?? '25,50,100,200').split(',').map((count) => positive(count, '--runs')),
    waiting: (values.waiting ?? '0,50').split(',').map((count) => (count === '0' ? 0 : positive(count, '--waiting'))),
  };
  if (!(options.scale > 0)) throw new Error(`--scale: ${values.scale ?? ''} is not a positive number`);
  for (const measure of wanted) await RUN[measure](options);
}

function positive(value: string, flag: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`${flag}: ${value} is not a positive whole number`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
