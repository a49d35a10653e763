/** `pawl gc`: removes what pawl keeps and nothing leads to any more. */
import type { Command } from '@commander-js/extra-typings';
import { gcLines } from '../render/gc-lines.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
Removed are the samples of checkpoints that nothing leads to, and artifacts (data, prompt sets, modules) that no run, alias,
evaluation or appraisal refers to. Runs, checkpoints, scores and verdicts stay on record, and the platform keeps its
snapshots by its own rules. What was removed cannot be compared sample by sample any more, nor reproduced.

Kept are, of each run: the first and the last checkpoint, the best, those that another run branched off from, promoted
ones, what a deployment was taken back to, whatever a kept delta stands on, and everything of a run that goes on. An
artifact that was written within the last day stays in any case.

Examples:
  pawl gc --dry-run             what would be removed, and how much it is
  pawl gc --dry-run --verbose   also why everything else is kept
  pawl gc
`;

export function addGcCommand(program: Command): void {
  program
    .command('gc')
    .description('remove samples and artifacts that nothing leads to any more')
    .option('--dry-run', 'only say what would be removed')
    .option('--verbose', 'also say why the rest is kept')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, { dryRun = false, verbose = false, output: format }) =>
        withRuns(config, async ({ serving }) => {
          const report = await serving.collectGarbage({ dryRun });
          if (format === 'json') output.printJson(report);
          else output.print(gcLines(report, { verbose }).join('\n'));
          return EXIT.ok;
        }),
      ),
    );
}
