/** `pawl list`: the newest runs. */
import type { Command } from '@commander-js/extra-typings';
import { runTable } from '../render/tables.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { positiveInteger } from './arguments.ts';

export function addListCommand(program: Command): void {
  program
    .command('list')
    .description('list the newest runs')
    .option('-n, --limit <count>', 'how many', positiveInteger, 50)
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, { limit, output: format }) =>
        withRuns(config, async (runs) => {
          const { runs: found, stale } = await runs.list({ limit });
          if (stale !== undefined) output.note(`pawl: warning: as last recorded, since ${stale}`);
          if (format === 'json') output.printJson(found);
          else if (found.length > 0) output.print(runTable(found, output.columns));
          else output.note('There are no runs yet. Start one: pawl run FILE');
          return EXIT.ok;
        }),
      ),
    );
}
