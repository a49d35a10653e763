/** `pawl pause RUN` and `pawl resume RUN`: return the machines, keep the run. */
import type { Command } from '@commander-js/extra-typings';
import { RUN_ARGUMENT } from '../../runs/run-list.ts';
import { act, noteNobody, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const PAUSE_HELP = `
The run finishes its current window, saves weights and optimizer, and returns the trainer and the deployment. Nothing is
rented, and nothing lost, until somebody resumes or stops it.
`;

const RESUME_HELP = `
A new trainer and deployment are rented, the saved state is loaded, and training goes on with the next step as if there
had been no pause: the same data, the same weights.
`;

export function addPauseCommand(program: Command): void {
  program
    .command('pause')
    .description('save a run and return its machines, until it is resumed')
    .argument('<run>', RUN_ARGUMENT)
    .addOption(outputOption())
    .addHelpText('after', PAUSE_HELP)
    .action(
      act(async ({ config, output }, reference, { output: format }) =>
        withRuns(config, async (runs) => {
          const runId = await runs.resolve(reference);
          const effect = await runs.pause(runId);
          await noteNobody(runs, runId, output);
          if (format === 'json') output.printJson({ runId, asked: 'pause' }, { line: true });
          else output.print(`${runId}: ${effect ?? 'it pauses'}. Go on with: pawl resume ${runId}`);
          return EXIT.ok;
        }),
      ),
    );
}

export function addResumeCommand(program: Command): void {
  program
    .command('resume')
    .description('rent machines for a paused run again, and go on')
    .argument('<run>', RUN_ARGUMENT)
    .addOption(outputOption())
    .addHelpText('after', RESUME_HELP)
    .action(
      act(async ({ config, output }, reference, { output: format }) =>
        withRuns(config, async (runs) => {
          const runId = await runs.resolve(reference);
          await runs.resume(runId);
          await noteNobody(runs, runId, output);
          if (format === 'json') output.printJson({ runId, asked: 'resume' }, { line: true });
          else output.print(`${runId} goes on: pawl show ${runId} --follow`);
          return EXIT.ok;
        }),
      ),
    );
}
