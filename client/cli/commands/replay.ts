/** `pawl replay RUN`: what another policy would have decided, from what is recorded. */
import type { Command } from '@commander-js/extra-typings';
import { replayLines } from '../render/replay.ts';
import { RUN_ARGUMENT } from '../../runs/run-list.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
The verdicts on the run's checkpoints are decided again, by the functions that decided them: over recorded evaluations,
losses and times. Nothing is rented, and neither Temporal nor the platform is asked. What another policy would have
trained beyond the end of the recording, nobody knows; it is said where it would have gone on.

FILE is YAML: a policy by itself, or an experiment, whose policy and budget count:
  target: 0.6
  plateau: {patience: 3, minGain: 0.01}

Examples:
  pawl replay pronounce-1a2b3c4d                          by its own policy: the verdicts that were
  pawl replay pronounce-1a2b3c4d --policy patient.yaml    where it would have ended, and what that had saved
  pawl replay pronounce-1a2b3c4d --policy patient.yaml --output json`;

export function addReplayCommand(program: Command): void {
  program
    .command('replay')
    .description('decide a recorded run again, by its own policy or another one, without a platform')
    .argument('<run>', RUN_ARGUMENT)
    .option('-p, --policy <file>', 'what to decide by (default: the policy and budget of the run itself)')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, reference, { policy, output: format }) =>
        withRuns(config, async (runs) => {
          const replay = await runs.replay(reference, policy === undefined ? {} : { policyFile: policy });
          if (format === 'json') output.printJson(replay);
          else output.print(replayLines(replay, output.colours, output.columns).join('\n'));
          return EXIT.ok;
        }),
      ),
    );
}
