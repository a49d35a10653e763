/** `pawl stop RUN`: ends a run in good order, or at once. */
import type { Command } from '@commander-js/extra-typings';
import { RUN_ARGUMENT } from '../../runs/run-list.ts';
import { act, noteNobody, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
Without --now the run finishes its current window, takes and evaluates a last checkpoint, and releases what it
rented: its result is kept. With --now it is cancelled: it releases what it rented, and steps since the last
checkpoint are lost.
`;

export function addStopCommand(program: Command): void {
  program
    .command('stop')
    .description('end a run; what it rented is returned')
    .argument('<run>', RUN_ARGUMENT)
    .option('--now', 'cancel it, without a last checkpoint')
    .option('--reason <text>', 'recorded with the run', 'stopped by request')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, reference, { now = false, reason, output: format }) =>
        withRuns(config, async (runs) => {
          const runId = await runs.resolve(reference);
          const effect = await runs.stop(runId, { now, reason });
          await noteNobody(runs, runId, output);
          if (format === 'json') output.printJson({ runId, asked: now ? 'cancel' : 'stop' }, { line: true });
          else {
            const what = effect ?? (now ? 'it is being cancelled' : 'it is stopping');
            output.print(`${runId}: ${what}. Follow it with: pawl show ${runId} --follow`);
          }
          return EXIT.ok;
        }),
      ),
    );
}
