/** `pawl diff RUN RUN`: what is different about two runs, and what came of it. */
import type { Command } from '@commander-js/extra-typings';
import { diffLines } from '../render/diff-lines.ts';
import { RUN_ARGUMENT } from '../../runs/run-list.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
Compares the experiments field by field, what the plans pinned (data, prompt sets, modules, shape), the loss of the steps
that both trained, and the scores of each suite where both were evaluated at the same step. Scores are compared on the
prompts that both answered; of other prompts, graders or ways of sampling they are told, and not compared.

Examples:
  pawl diff pronounce-1a2b3c4d pronounce-9e3779b1
  pawl diff pronounce-1a2b3c4d slower --output json
`;

export function addDiffCommand(program: Command): void {
  program
    .command('diff')
    .description('compare two runs: experiment, pinned data, losses, scores')
    .argument('<before>', RUN_ARGUMENT)
    .argument('<after>', 'another one')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, before, after, { output: format }) =>
        withRuns(config, async (runs) => {
          const diff = await runs.diff(await runs.resolve(before), await runs.resolve(after));
          if (format === 'json') output.printJson(diff);
          else output.print(diffLines(diff, output.colours, output.columns));
          return EXIT.ok;
        }),
      ),
    );
}
