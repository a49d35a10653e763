/** `pawl branch RUN@STEP --set path=value`: a new run that goes on from a checkpoint of another one. */
import type { Command } from '@commander-js/extra-typings';
import { changeText } from '../../../domain/spec/spec-changes.ts';
import type { Branch } from '../../lineage/branch.ts';
import { CHECKPOINT_ARGUMENT } from '../../lineage/checkpoint-reference.ts';
import { collect, readSettings, SET_HELP, SET_OPTION } from '../../../files/experiment/settings.ts';
import { act, outputOption, withRuns, type Context } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { followRun, leaveRun, openScreen, type Format } from './follow-run.ts';

const HELP = `
RUN alone stands for RUN@last. The branch has its parent's experiment with the fields that --set changes, a trainer and
a deployment of its own, and begins with the checkpoint's weights and optimizer, evaluated anew: its baseline. Steps
count on, and train.steps is the number in all.

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
    .argument('<checkpoint>', CHECKPOINT_ARGUMENT)
    .option(SET_OPTION, SET_HELP, collect)
    .option('--name <name>', "name of the branch; default: its parent's")
    .option('-d, --detach', 'print the id of the branch, and leave it to the workers')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(act((context, point: string, options: BranchOptions) => branch(context, point, options)));
}

async function branch({ config, output }: Context, point: string, options: BranchOptions): Promise<ExitCode> {
  const { name, output: format } = options;
  const settings = readSettings(options.set ?? []);
  return withRuns(config, async (runs) => {
    const begun = await runs.branch(point, { settings, ...(name !== undefined && { name }) });
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

function branchText({ runId, parent, changes }: Branch): string {
  const what = changes.length === 0 ? 'nothing changed, a repetition' : changes.map(changeText).join(', ');
  return `branched ${runId} from ${parent.runId} at step ${parent.step} (${parent.checkpoint}): ${what}`;
}
