/** `pawl rollback DEPLOYMENT CHECKPOINT`: an existing deployment serves an earlier checkpoint again. */
import type { Command } from '@commander-js/extra-typings';
import { CHECKPOINT_ARGUMENT } from '../../lineage/checkpoint-reference.ts';
import { rollbackLines } from '../render/serving-lines.ts';
import { whoAsks } from '../../who.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
The checkpoint's base is loaded, then each delta on the identity it was made from, and every replica must report each of
them. A deployment that is linked to another trainer than the one that saved the checkpoint is linked to that one first;
its replicas then start anew. Who did it, and when, is kept, and told in the run's log.

A deployment that a live run uses is refused, and so is one that pawl did not create, unless --force is given. One
rollback of a deployment runs at a time. It goes on when this command is interrupted.

Examples:
  pawl rollback prod-1a2b3c4d-deploy prod-1a2b3c4d@best
  pawl rollback prod-1a2b3c4d-deploy prod-1a2b3c4d@200
  pawl rollback prod-1a2b3c4d-deploy prod-1a2b3c4d@step-000200-g1
`;

export function addRollbackCommand(program: Command): void {
  program
    .command('rollback')
    .description('bring a deployment back to an earlier checkpoint, proved on every replica')
    .argument('<deployment>', 'its id')
    .argument('<checkpoint>', CHECKPOINT_ARGUMENT)
    .option('--force', 'also a deployment that pawl did not create')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, deploymentId, checkpoint, { force = false, output: format }) =>
        withRuns(config, async ({ serving }) => {
          const request = { deploymentId, checkpoint, force, requestedBy: whoAsks() };
          const report = await serving.rollback(request, { onStart: (id) => output.note(`pawl: ${id} is under way`) });
          if (format === 'json') output.printJson(report);
          else output.print(rollbackLines(report).join('\n'));
          return EXIT.ok;
        }),
      ),
    );
}
