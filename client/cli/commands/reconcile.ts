/** `pawl reconcile`: returns what is rented for runs that are over, now instead of at the next scheduled time. */
import type { Command } from '@commander-js/extra-typings';
import { reconcileLines } from '../render/reconcile-lines.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
Workers do this every few minutes by themselves (PAWL_RECONCILE_SECONDS). A run that finishes, fails or is cancelled
returns what it rented; one that was terminated, or that Temporal lost, cannot. What such a run still rents is deleted
once the run has been over for the grace period (PAWL_LEASE_GRACE_SECONDS of the workers). Anything that pawl did not
create is never touched.
`;

export function addReconcileCommand(program: Command): void {
  program
    .command('reconcile')
    .description('return what is rented for runs that are over and could not return it themselves')
    .option('--dry-run', 'only say what would be returned')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, { dryRun = false, output: format }) =>
        withRuns(config, async (runs) => {
          const report = await runs.reconcile({ dryRun });
          if (format === 'json') output.printJson(report);
          else output.print(reconcileLines(report).join('\n'));
          return report.failed.length > 0 ? EXIT.failed : EXIT.ok;
        }),
      ),
    );
}
