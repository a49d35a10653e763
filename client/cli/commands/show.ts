/** `pawl show RUN`: where a run is, its checkpoints, its loss; `--follow` goes on to its end. */
import type { Command } from '@commander-js/extra-typings';
import { liveLines } from '../render/run-lines.ts';
import { runReport } from '../render/run-report.ts';
import { isOver } from '../../runs/run-view.ts';
import { RUN_ARGUMENT } from '../../runs/run-list.ts';
import { positiveInteger } from './arguments.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { followRun, leaveRun, openScreen } from './follow-run.ts';

export function addShowCommand(program: Command): void {
  program
    .command('show')
    .description('show a run: its checkpoints with their scores and verdicts, its loss, how it ended')
    .argument('<run>', RUN_ARGUMENT)
    .option('-f, --follow', 'follow it to its end')
    .option('-n, --checkpoints <count>', 'how many checkpoints, the last ones', positiveInteger, 100)
    .option('--before <checkpoint>', 'those before this one, by its name')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, reference, { follow, checkpoints, before, output: format }) =>
        withRuns(config, async (runs) => {
          const runId = await runs.resolve(reference);
          if (follow === true) {
            const screen = openScreen(output, format);
            return followRun({ runs, runId, output, screen, format, onInterrupt: leaveRun });
          }
          const details = await runs.show(runId, { checkpoints, ...(before !== undefined && { before }) });
          if (format === 'json') {
            output.printJson(details);
            return EXIT.ok;
          }
          if (!isOver(details.outcome)) {
            output.print(`${liveLines(details, output.colours, Date.now()).join('\n')}\n`);
          }
          output.print(runReport(details, output.colours, output.columns));
          return EXIT.ok;
        }),
      ),
    );
}
