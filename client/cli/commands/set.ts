/** `pawl set RUN path=value`: changes the experiment of a run that goes on. */
import type { Command } from '@commander-js/extra-typings';
import { changeText } from '../../../domain/spec/spec-changes.ts';
import { readSettings } from '../../../files/experiment/settings.ts';
import { RUN_ARGUMENT } from '../../runs/run-list.ts';
import { whoAsks } from '../../who.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
What is set takes effect behind the run's next saved state, and is recorded: who, when, before, after, and from which
step. Branches and repetitions train those steps with it too. Only the learning rate can be set so; with anything else
changed it is another run: pawl branch RUN --set path=value.

Examples:
  pawl set pronounce-1a2b3c4d train.optimizer.learningRate=1e-4
  pawl set @newest train.learningRate=1e-4           the same, in short
`;

export function addSetCommand(program: Command): void {
  program
    .command('set')
    .description('change the learning rate of a run that goes on, from its next checkpoint on')
    .argument('<run>', RUN_ARGUMENT)
    .argument('<path=value...>', 'a field of the experiment, and a YAML value')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, reference, overrides, { output: format }) =>
        withRuns(config, async (runs) => {
          const settings = readSettings(overrides, '');
          const runId = await runs.resolve(reference);
          const answer = await runs.set(runId, settings, { by: whoAsks() });
          const { changes, atLatest } = answer;
          if (format === 'json') output.printJson({ runId, asked: 'set', ...answer }, { line: true });
          else if (changes.length === 0) output.print(`${runId}: it is set so already`);
          else {
            const when = `behind its next saved state, after step ${atLatest} at the latest`;
            output.print(`${runId}: ${changes.map(changeText).join(', ')} ${when}`);
          }
          return EXIT.ok;
        }),
      ),
    );
}
