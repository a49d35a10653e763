/** `pawl sweep run|list|show|pause|resume|stop|extend|replay`: many trials of one experiment. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from '@commander-js/extra-typings';
import { collect } from '../../../files/experiment/settings.ts';
import type { Runs } from '../../runs/runs.ts';
import { loadSweep } from '../../../files/sweep-file.ts';
import type { Output } from '../output.ts';
import { sweepReplayLines } from '../render/sweep-replay.ts';
import { sweepLines, sweepTable } from '../render/sweep-lines.ts';
import { SweepScreen } from '../render/sweep-screen.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Format } from './follow-run.ts';

const HELP = `
A sweep file names an experiment, a space of parameters and how it is searched:

  name: rates
  experiment: pronounce.yaml
  method: tpe                         # grid | random | tpe
  parameters:
    train.optimizer.learningRate: { distribution: log_uniform_values, min: 1.0e-3, max: 3.0e-1 }
  trials: 12
  concurrency: 2
  stopEarly: { rule: asha, reduction: 3, minSteps: 50 }

Examples:
  pawl sweep run examples/rates.yaml           submit, and follow; Ctrl-C leaves the sweep running
  pawl sweep show @newest                      what was tried, what it scored, and why it was stopped
  pawl sweep extend rates-1a2b3c4d --trials 24
  pawl sweep extend rates-1a2b3c4d --parameter "train.batchSize={values: [32]}"    from now on
  pawl sweep stop rates-1a2b3c4d               no further trial; those that run end in good order
  pawl sweep replay rates-1a2b3c4d --set stopEarly.reduction=4    what another rule had saved

Each trial is a run: pawl show, pawl samples, pawl promote and the others take it by its id. docs/sweeps.md has the rest.
`;

/** Between two drawings of a table that is followed. */
const REDRAW_MS = 2_000;

const SWEEP = 'id of the sweep, an unambiguous beginning of it, or @newest';

export function addSweepCommand(program: Command): void {
  const sweep = program
    .command('sweep')
    .description('try an experiment with many settings, and stop early what does not look well')
    .addHelpText('after', HELP);

  sweep
    .command('run')
    .description('submit a sweep, and follow it to its end')
    .argument('<file>', 'sweep file (YAML)')
    .option('-d, --detach', 'print the id of the sweep, and leave it to the workers')
    .option('--set <path=value>', 'change a field of the sweep file (a YAML value); may be repeated', collect)
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, file, { detach = false, output: format, ...options }) => {
        return withRuns(config, async (runs) => {
          const loaded = await loadSweep(file, { ...options, channels: await runs.notify.check(config.home) });
          const { sweepId } = await runs.sweeps.start(loaded);
          const missing = await runs.missingWorker();
          if (missing !== undefined) output.note(`pawl: warning: ${missing}`);
          if (!detach) {
            output.note(`started ${sweepId}`);
            return followSweep(runs, sweepId, { output, format });
          }
          if (format === 'json') output.printJson({ sweepId }, { line: true });
          else output.print(sweepId);
          return EXIT.ok;
        });
      }),
    );

  sweep
    .command('list')
    .description('list sweeps, newest first')
    .option('--limit <number>', 'how many', positive, 20)
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, { limit, output: format }) =>
        withRuns(config, async ({ sweeps }) => {
          const list = await sweeps.list({ limit });
          if (format === 'json') output.printJson(list);
          else output.print(list.length === 0 ? 'no sweeps yet: `pawl sweep run FILE`' : sweepTable(list));
          return EXIT.ok;
        }),
      ),
    );

  sweep
    .command('show')
    .description('show what a sweep tried, what each trial scored, and why it ended')
    .argument('<sweep>', SWEEP)
    .option('--follow', 'until it is over')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, reference, { follow = false, output: format }) =>
        withRuns(config, async (runs) => {
          const sweepId = await runs.sweeps.resolve(reference);
          if (follow) return followSweep(runs, sweepId, { output, format });
          await showSweep(runs, sweepId, { output, format });
          return EXIT.ok;
        }),
      ),
    );

  sweep
    .command('replay')
    .description('say what other rules of stopping had made of a sweep; nothing is trained')
    .argument('<sweep>', SWEEP)
    .option(
      '--set <path=value>',
      'change a field of the sweep file, e.g. stopEarly.reduction=4; may be repeated',
      collect,
    )
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, reference, { set = [], output: format }) =>
        withRuns(config, async ({ sweeps }) => {
          const replay = await sweeps.replay(await sweeps.resolve(reference), set);
          if (format === 'json') output.printJson(replay, { line: true });
          else output.print(sweepReplayLines(replay).join('\n'));
          return EXIT.ok;
        }),
      ),
    );

  sweep
    .command('extend')
    .description('change how many trials there are, how many at a time, and what they try')
    .argument('<sweep>', SWEEP)
    .option('--trials <number>', 'in all', positive)
    .option('--concurrency <number>', 'at a time', positive)
    .option(
      '--parameter <path=range>',
      'a whole parameter, e.g. "train.batchSize={values: [32]}"; trials that were proposed keep theirs; may be repeated',
      collect,
    )
    .action(
      act(async ({ config, output }, reference, { trials, concurrency, parameter }) =>
        withRuns(config, async ({ sweeps }) => {
          const sweepId = await sweeps.resolve(reference);
          await sweeps.extend(sweepId, {
            ...(trials !== undefined && { trials }),
            ...(concurrency !== undefined && { concurrency }),
            ...(parameter !== undefined && { parameters: parameter }),
          });
          output.print(`${sweepId}: noted`);
          return EXIT.ok;
        }),
      ),
    );

  sweep
    .command('pause')
    .description('let its runs rest without machines, and begin nothing, until it is resumed')
    .argument('<sweep>', SWEEP)
    .action(
      act(async ({ config, output }, reference) =>
        withRuns(config, async ({ sweeps }) => {
          const sweepId = await sweeps.resolve(reference);
          await sweeps.pause(sweepId);
          output.print(`${sweepId} pauses. Go on with: pawl sweep resume ${sweepId}`);
          return EXIT.ok;
        }),
      ),
    );

  sweep
    .command('resume')
    .description('go on with a paused sweep')
    .argument('<sweep>', SWEEP)
    .action(
      act(async ({ config, output }, reference) =>
        withRuns(config, async ({ sweeps }) => {
          const sweepId = await sweeps.resolve(reference);
          await sweeps.resume(sweepId);
          output.print(`${sweepId} goes on: pawl sweep show ${sweepId} --follow`);
          return EXIT.ok;
        }),
      ),
    );

  sweep
    .command('stop')
    .description('end a sweep: no further trial, and those that run end in good order')
    .argument('<sweep>', SWEEP)
    .option('--trial <number>', 'only this one ends, in good order; the sweep goes on', wholeNumber)
    .option('--now', 'cancel those that run')
    .option('--reason <text>', 'recorded with the sweep', 'stopped by request')
    .action(
      act(async ({ config, output }, reference, { now = false, trial, reason }) =>
        withRuns(config, async ({ sweeps }) => {
          const sweepId = await sweeps.resolve(reference);
          if (trial !== undefined) {
            await sweeps.stopTrial(sweepId, trial);
            output.print(`trial ${trial} of ${sweepId} ends; the sweep goes on: pawl sweep show ${sweepId} --follow`);
            return EXIT.ok;
          }
          await sweeps.stop(sweepId, { now, reason });
          output.print(`${sweepId} ends. Follow it with: pawl sweep show ${sweepId} --follow`);
          return EXIT.ok;
        }),
      ),
    );
}

interface Screen {
  readonly output: Output;
  readonly format: Format;
}

/** Its log, line by line, on a terminal above its table; and the table at the end. Ctrl-C leaves it to the workers. */
async function followSweep(runs: Runs, sweepId: string, { output, format }: Screen): Promise<ExitCode> {
  const leaving = new AbortController();
  const over = new AbortController();
  const leave = (): void => {
    output.note(`no longer following; the sweep goes on: pawl sweep show ${sweepId} --follow`);
    leaving.abort();
  };
  process.on('SIGINT', leave);
  const live = format === 'json' || output.terminal === undefined ? undefined : new SweepScreen(output.terminal);
  const drawing = live && redraw(runs, sweepId, { live, signal: AbortSignal.any([leaving.signal, over.signal]) });
  try {
    for await (const { at, message } of runs.sweeps.follow(sweepId, leaving.signal)) {
      const line = `${at.slice('YYYY-MM-DDT'.length, 'YYYY-MM-DDThh:mm:ss'.length)} ${message}`;
      if (format === 'json') output.printJson({ at, message }, { line: true });
      else if (live === undefined) output.print(line);
      else live.note(line);
    }
  } finally {
    process.off('SIGINT', leave);
    over.abort();
    await drawing;
    live?.close();
  }
  if (leaving.signal.aborted) return EXIT.interrupted;
  return (await showSweep(runs, sweepId, { output, format })) === 'finished' ? EXIT.ok : EXIT.failed;
}

/** What cannot be read at the moment is drawn the next time; who follows its log is told why. */
async function redraw(
  runs: Runs,
  sweepId: string,
  { live, signal }: { live: SweepScreen; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const details = await runs.sweeps.show(sweepId).catch(() => undefined);
    if (details !== undefined && !signal.aborted) live.draw(details);
    await sleep(REDRAW_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function showSweep(runs: Runs, sweepId: string, { output, format }: Screen): Promise<string> {
  const details = await runs.sweeps.show(sweepId);
  if (format === 'json') output.printJson(details, { line: true });
  else output.print(sweepLines(details, output.columns).join('\n'));
  return details.outcome;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('Write the number of a trial, from 0 on.');
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('Write a whole number from 1 on.');
}
