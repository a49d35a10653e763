/** `pawl logs RUN`: what happened in a run, in order. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '@commander-js/extra-typings';
import type { RunEvent } from '../../../store/index.ts';
import type { Output } from '../output.ts';
import { eventLine } from '../render/event-line.ts';
import { isOver } from '../../runs/run-view.ts';
import { RUN_ARGUMENT } from '../../runs/run-list.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';
import type { Format } from './follow-run.ts';

const POLL_MS = 1_000;

export function addLogsCommand(program: Command): void {
  program
    .command('logs')
    .description('print what happened in a run')
    .argument('<run>', RUN_ARGUMENT)
    .option('-f, --follow', 'go on until the run is over')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, reference, { follow, output: format }) =>
        withRuns(config, async (runs) => {
          const runId = await runs.resolve(reference);
          let after = 0;
          for (;;) {
            // Asked before reading, so that the last events of a run that ends in between are still printed.
            const over = follow !== true || isOver((await runs.status(runId)).outcome);
            const events = await runs.events(runId, { after });
            printEvents(events, output, format);
            after = events.at(-1)?.seq ?? after;
            if (over) return EXIT.ok;
            await sleep(POLL_MS);
          }
        }),
      ),
    );
}

function printEvents(events: readonly RunEvent[], output: Output, format: Format): void {
  for (const event of events) {
    if (format === 'json') output.printJson(event, { line: true });
    else output.print(eventLine(event, output.colours));
  }
}
