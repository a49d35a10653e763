/** `pawl branch RUN@STEP --set path=value`: a new run that goes on from a checkpoint of another one. */
import type { Command } from '@commander-js/extra-typings';
import { parse } from 'yaml';
import { changeText, type Settings } from '../../workflows/contracts.ts';
import type { Branch } from '../branch.ts';
import { messageOf } from '../errors.ts';
import { ExperimentError } from '../experiment-file.ts';
import { act, outputOption, withRuns, type Context } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { followRun, leaveRun, openScreen, type Format } from './follow-run.ts';

const HELP = `
RUN may be followed by @STEP, @best, @last (which is meant without) or @CHECKPOINT, the name of one. The branch has its
parent's experiment with the fields that --set changes, a trainer and a deployment of its own, and begins with the
checkpoint's weights and optimizer, evaluated anew: its baseline. Steps count on, and train.steps is the number in all.

Examples:
  pawl branch pronounce-1a2b3c4d@100 --set train.optimizer.learningRate=1e-4
  pawl branch pronounce-1a2b3c4d@best --set train.learningRate=1e-4 --set train.steps=900 --name slower
  pawl branch pronounce-1a2b3c4d@100                 nothing changed: a repetition
  pawl branch pronounce-1a2b3c4d --set policy.patience=null --detach
  pawl log --graph pronounce-1a2b3c4d                what branched from where
`;

interface BranchOptions {
  readonly set?: readonly string[];
  readonly name?: string;
  readonly detach?: true;
  readonly output: Format;
}

export function addBranchCommand(program: Command): void {
  program
    .command('branch')
    .description('start a run from a checkpoint of another one, with other settings; follow it to its end')
    .argument('<run[@point]>', 'a run, and which of its checkpoints')
    .option('--set <path=value>', 'change a field of the experiment (a YAML value; null removes it)', collect)
    .option('--name <name>', "name of the branch; default: its parent's")
    .option('-d, --detach', 'print the id of the branch, and leave it to the workers')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(act((context, point: string, options: BranchOptions) => branch(context, point, options)));
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value];
}

async function branch({ config, output }: Context, point: string, options: BranchOptions): Promise<ExitCode> {
  const { name, output: format } = options;
  const [reference, at] = splitOnce(point, '@');
  const settings = readSettings(options.set ?? []);
  return withRuns(config, async (runs) => {
    const request = { settings, ...(at !== undefined && { at }), ...(name !== undefined && { name }) };
    const begun = await runs.branch(await runs.resolve(reference), request);
    const { runId } = begun;
    if (options.detach !== true) {
      const screen = openScreen(output, format);
      screen.note(branchText(begun));
      return followRun({ runs, runId, output, screen, format, onInterrupt: leaveRun });
    }
    const missing = await runs.missingWorker();
    if (missing !== undefined) output.note(`pawl: warning: ${missing}`);
    if (format === 'json') output.printJson(begun, { line: true });
    else {
      output.note(branchText(begun));
      output.print(runId);
    }
    return EXIT.ok;
  });
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function readSettings(overrides: readonly string[]): Settings {
  return Object.fromEntries(overrides.map(readSetting));
}

function readSetting(override: string): [string, unknown] {
  const [path, value] = splitOnce(override, '=');
  if (path === '' || value === undefined) {
    throw new ExperimentError([`--set ${override}: expected path=value, for example --set train.learningRate=1e-4.`]);
  }
  try {
    return [path, parse(value) as unknown];
  } catch (error) {
    throw new ExperimentError([`--set ${override}: ${messageOf(error)}. Write a value in YAML.`], { cause: error });
  }
}

function branchText({ runId, parent, changes }: Branch): string {
  const what = changes.length === 0 ? 'nothing changed, a repetition' : changes.map(changeText).join(', ');
  return `branched ${runId} from ${parent.runId} at step ${parent.step} (${parent.checkpoint}): ${what}`;
}
