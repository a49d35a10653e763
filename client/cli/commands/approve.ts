/** `pawl approve` and `pawl reject`: what a person says to a promotion that passed the gate and awaits them. */
import type { Command } from '@commander-js/extra-typings';
import { whoAsks } from '../../who.ts';
import { act, outputOption, withRuns } from './command.ts';
import { followPromotion } from './promotion-options.ts';
import { EXIT } from './exit-codes.ts';

const SUBJECT = 'id of the promotion, or its alias: of one alias at most one awaits approval';

const APPROVE_HELP = `
Example:
  pawl promotions prod          what awaits approval, and what it is compared with
  pawl approve prod --by ada
`;

const REJECT_HELP = `
Example:
  pawl reject prod --reason 'worse on names'
`;

export function addApproveCommand(program: Command): void {
  program
    .command('approve')
    .description('agree to a promotion that awaits approval; waits until it is done')
    .argument('<promotion>', SUBJECT)
    .option('--by <name>', 'who agrees (default: this user, on this machine)')
    .addOption(outputOption())
    .addHelpText('after', APPROVE_HELP)
    .action(
      act(async ({ config, output }, reference, { by = whoAsks(), output: format }) =>
        withRuns(config, async (runs) => {
          const { id } = await runs.promotions.decide(reference, { approved: true, by });
          return followPromotion(runs, { id, output, format, told: 'awaiting-approval' });
        }),
      ),
    );
}

export function addRejectCommand(program: Command): void {
  program
    .command('reject')
    .description('refuse a promotion that awaits approval')
    .argument('<promotion>', SUBJECT)
    .requiredOption('--reason <text>', 'recorded with the promotion')
    .option('--by <name>', 'who refuses (default: this user, on this machine)')
    .addOption(outputOption())
    .addHelpText('after', REJECT_HELP)
    .action(
      act(async ({ config, output }, reference, { by = whoAsks(), reason, output: format }) =>
        withRuns(config, async (runs) => {
          const { id } = await runs.promotions.decide(reference, { approved: false, by, reason });
          await followPromotion(runs, { id, output, format, told: 'awaiting-approval' });
          const rejected = (await runs.promotions.show(id))?.state === 'rejected';
          return rejected ? EXIT.ok : EXIT.failed;
        }),
      ),
    );
}
