/** `pawl run FILE`: submits an experiment and follows it. */
import { Option, type Command } from '@commander-js/extra-typings';
import { loadExperiment } from '../../../files/experiment/experiment-file.ts';
import { collect, SET_HELP, SET_OPTION } from '../../../files/experiment/settings.ts';
import type { RunSpec } from '../../../domain/spec/spec.ts';
import type { Submitted } from '../../runs/submission.ts';
import { act, outputOption, withRuns, type Context } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { followRun, leaveRun, openScreen, type Format } from './follow-run.ts';
import { cancelRun, withLocalStack } from './local-run.ts';

const HELP = `
Examples:
  pawl run examples/pronounce.yaml                  on the stack that \`pawl up\` started
  pawl run examples/pronounce.yaml --local          starts what it needs, and stops it afterwards
  pawl run my.yaml --detach                         prints the run's id and leaves
  pawl run my.yaml --set train.steps=100            changes a field for this run; null takes one away
  pawl run my.yaml --id nightly-2026-11-27 --detach  submitted once, however often a script asks
  pawl run my.yaml --output json > run.jsonl        one JSON object a line; the last one is the result

Ctrl-C stops following, and the run goes on; with --local it cancels the run, which returns what it rented.
`;

interface RunOptions {
  readonly detach?: true;
  readonly local?: true;
  readonly platform: 'sandbox' | 'fireworks';
  readonly set?: readonly string[];
  readonly id?: string;
  readonly output: Format;
}

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('run an experiment, and follow it to its end')
    .argument('<file>', 'experiment file (YAML)')
    .addOption(new Option('-d, --detach', 'print the id of the run, and leave it to the workers').conflicts('local'))
    .option('--local', 'start Temporal, platform and worker for this run, unless they are up')
    .addOption(
      new Option('--platform <name>', 'with --local: where to train')
        .choices(['sandbox', 'fireworks'] as const)
        .default('sandbox' as const),
    )
    .option(SET_OPTION, SET_HELP, collect)
    .option(
      '--id <id>',
      'submit under this id, once: the same experiment again is the same run, another one is refused',
    )
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(act((context, file: string, options: RunOptions) => run(context, file, options)));
}

async function run(context: Context, file: string, options: RunOptions): Promise<ExitCode> {
  const channels = await withRuns(context.config, async (runs) => runs.notify.check(context.config.home));
  const spec = await loadExperiment(file, { ...options, channels });
  if (options.detach === true) return submit(context, spec, options);
  if (options.local === true) return runLocally(context, spec, options);
  return submitAndFollow(context, spec, options);
}

async function submit({ config, output }: Context, spec: RunSpec, options: RunOptions): Promise<ExitCode> {
  const { output: format } = options;
  return withRuns(config, async (runs) => {
    const submitted = await runs.start(spec, options);
    const { runId } = submitted;
    if (submitted.existed) output.note(startedText(submitted));
    const missing = await runs.missingWorker();
    if (missing !== undefined) output.note(`pawl: warning: ${missing}`);
    if (format === 'json') output.printJson(submitted, { line: true });
    else output.print(runId);
    return EXIT.ok;
  });
}

async function submitAndFollow({ config, output }: Context, spec: RunSpec, options: RunOptions): Promise<ExitCode> {
  const { output: format } = options;
  return withRuns(config, async (runs) => {
    const submitted = await runs.start(spec, options);
    const { runId } = submitted;
    const screen = openScreen(output, format);
    screen.note(startedText(submitted));
    return followRun({ runs, runId, output, screen, format, onInterrupt: leaveRun });
  });
}

async function runLocally({ config, output }: Context, spec: RunSpec, options: RunOptions): Promise<ExitCode> {
  const { platform, output: format } = options;
  const screen = openScreen(output, format);
  return withLocalStack({ config, platform, screen }, (stack) =>
    withRuns(stack.config, async (runs) => {
      const submitted = await runs.start(spec, options);
      const { runId } = submitted;
      screen.note(startedText(submitted));
      const onInterrupt = stack.ours ? cancelRun() : leaveRun;
      return followRun({ runs, runId, output, screen, format, onInterrupt });
    }),
  );
}

function startedText({ runId, existed }: Submitted): string {
  return existed ? `${runId} was submitted before, with this experiment` : `started ${runId}`;
}
