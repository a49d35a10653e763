/** `pawl samples RUN@STEP`: what the model answered, with what was asked and expected. */
import type { Command } from '@commander-js/extra-typings';
import { orLast } from '../../lineage/checkpoint-reference.ts';
import { EVALUATION_ARGUMENT } from '../../serving/evaluation-reference.ts';
import { samplesReport } from '../render/samples.ts';
import { positiveInteger } from './arguments.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
An answer is marked ✓ where it is right, ✗ where it is not, ~ in between, and "cut" where evaluate.maxTokens ended it. With
--beside and --worse-than stands below it what another checkpoint, of this run or of another one, answered to the same
prompt. Only what is shown is read: --after shows the next page.

Examples:
  pawl samples @newest                                   the last checkpoint of the newest run
  pawl samples pronounce-1a2b3c4d@100 --failed           what was wrong, or could not be produced
  pawl samples pronounce-1a2b3c4d@best --worse-than pronounce-1a2b3c4d@100    what got worse since
  pawl samples pronounce-1a2b3c4d@last --grep '^z' -n 50
  pawl samples other-9e3779b1@last --suite hard --output json
`;

export function addSamplesCommand(program: Command): void {
  program
    .command('samples')
    .description('read the answers of an evaluation: prompt, answer, reference, score, and why it ended')
    .argument('<evaluation>', `${EVALUATION_ARGUMENT}; a run stands for its last checkpoint`)
    .option('--suite <name>', 'suite of the evaluation; default: the main one')
    .option('--beside <checkpoint>', 'show what this one answered too')
    .option('--worse-than <checkpoint>', 'only prompts on which this one scored more, side by side')
    .option('--failed', 'only answers that are not wholly right, or missing')
    .option('--grep <pattern>', 'only prompts with this in prompt, answer or reference (a regular expression)')
    .option('-n, --limit <count>', 'how many prompts', positiveInteger, 10)
    .option('--after <number>', 'only prompts behind this number', positiveInteger)
    .option('--full', 'show texts from end to end')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, reference, options) =>
        withRuns(config, async (runs) => {
          const { worseThan, beside = worseThan, full = false, output: format, ...rest } = options;
          const samples = await runs.samples({
            ...rest,
            of: named(reference),
            worse: worseThan !== undefined,
            ...(beside !== undefined && { beside: named(beside) }),
          });
          if (format === 'json') output.printJson(samples);
          else output.print(samplesReport(samples, { colours: output.colours, width: output.columns, full }));
          if (samples.next !== undefined && format !== 'json') output.note(`more: --after ${samples.next}`);
          return EXIT.ok;
        }),
      ),
    );
}

/** Ids of evaluations are paths, and stand for themselves. */
function named(reference: string): string {
  if (reference.includes('/')) return reference;
  const [checkpoint = '', ...suite] = reference.split(':');
  return [orLast(checkpoint), ...suite].join(':');
}
