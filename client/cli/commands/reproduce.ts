/** `pawl reproduce EVALUATION`: the same weights are asked the same again, and the answers compared. */
import type { Command } from '@commander-js/extra-typings';
import { EVALUATION_ARGUMENT } from '../../serving/evaluation-reference.ts';
import { reproductionLines } from '../render/serving-lines.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
A deployment of one replica is rented for it and returned afterwards. The checkpoint is loaded with everything it stands
on, and the stored prompts are sampled again with the stored parameters and seeds. The result is kept beside the run and
replaces nothing.

Exits with 0 if the evaluation was reproduced: identical answers where they are drawn greedily (temperature 0), a
difference within its 95 % interval otherwise. Exits with 1 if not.

Examples:
  pawl reproduce pronounce-1a2b3c4d@best
  pawl reproduce pronounce-1a2b3c4d@200:hard
  pawl reproduce pronounce-1a2b3c4d/step-000200-g1/g1/a1
`;

export function addReproduceCommand(program: Command): void {
  program
    .command('reproduce')
    .description('draw an evaluation again, and say how far it comes out the same')
    .argument('<evaluation>', EVALUATION_ARGUMENT)
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, reference, { output: format }) =>
        withRuns(config, async ({ serving }) => {
          const onStart = (id: string): void => output.note(`pawl: ${id} is under way, and goes on without you`);
          const reproduction = await serving.reproduce(reference, { onStart });
          if (format === 'json') output.printJson(reproduction);
          else output.print(reproductionLines(reproduction).join('\n'));
          return reproduction.reproduced ? EXIT.ok : EXIT.failed;
        }),
      ),
    );
}
