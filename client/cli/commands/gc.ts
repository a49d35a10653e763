/** `pawl gc`: removes what pawl keeps and nothing leads to any more. */
import type { Command } from '@commander-js/extra-typings';
import type { GcReport } from '../../../domain/words/gc.ts';
import { UserError } from '../../errors.ts';
import { gcLines } from '../render/gc-lines.ts';
import { positiveInteger } from './arguments.ts';
import { act, outputOption, withRuns } from './command.ts';
import { confirmed } from './confirm.ts';
import { EXIT } from './exit-codes.ts';

const REMEDY = 'Look with --dry-run, then give --yes.';

const HELP = `
Removed are the samples of checkpoints that nothing leads to, and artifacts (data, prompt sets, modules) that no run, alias,
evaluation or appraisal refers to. Runs, checkpoints, scores and verdicts stay on record, and the platform keeps its
snapshots by its own rules. What was removed cannot be compared sample by sample any more, nor reproduced.

Kept are, of each run: the first and the last checkpoint, the best, those that another run branched off from, promoted
ones, what a deployment was taken back to, whatever a kept delta stands on, and everything of a run that goes on. An
artifact that was written within the last day stays in any case; --older-than keeps more. Samples of evaluations that
never ended go once their run is over. On a terminal it shows what would go, and asks; elsewhere it wants --yes.

Examples:
  pawl gc --dry-run             what would be removed, and how much it is
  pawl gc --dry-run --verbose   also why everything else is kept
  pawl gc --older-than 30       only what is older than 30 days
  pawl gc --yes                 without asking
`;

export function addGcCommand(program: Command): void {
  program
    .command('gc')
    .description('remove samples and artifacts that nothing leads to any more')
    .option('--dry-run', 'only say what would be removed')
    .option('--older-than <days>', 'keep what is younger', positiveInteger)
    .option('-y, --yes', 'remove without asking')
    .option('--verbose', 'also say why the rest is kept')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, options) =>
        withRuns(config, async ({ serving }) => {
          const { dryRun = false, verbose = false, yes = false, olderThan, output: format } = options;
          const age = olderThan === undefined ? {} : { olderThanHours: olderThan * 24 };
          const show = (report: GcReport): void => {
            if (format === 'json') output.printJson(report);
            else output.print(gcLines(report, { verbose }).join('\n'));
          };
          if (!dryRun && !yes) {
            if (!process.stdin.isTTY) throw new UserError('What gc removes is gone for good.', REMEDY);
            output.print(gcLines(await serving.collectGarbage({ dryRun: true, ...age }), { verbose }).join('\n'));
            if (!(await confirmed('Remove this?'))) return EXIT.ok;
          }
          show(await serving.collectGarbage({ dryRun, ...age }));
          return EXIT.ok;
        }),
      ),
    );
}
