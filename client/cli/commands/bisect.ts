/** `pawl bisect RUN --suite S`: which checkpoint made the score fall. */
import { InvalidArgumentError, type Command } from '@commander-js/extra-typings';
import { bisectLines, probeLine } from '../render/serving-lines.ts';
import type { BisectReport } from '../../../domain/words/serving.ts';
import type { StepMetrics } from '../../../domain/words/training.ts';
import { RUN_ARGUMENT } from '../../runs/run-list.ts';
import type { Runs } from '../../runs/runs.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
Searches between a good and a bad checkpoint. Evaluations that the run made are used; what is missing is drawn on one
deployment that is rented for the search and returned after it. A checkpoint fell if its difference to the good one, on
the same prompts, is below zero with its whole interval, which allows for all the checkpoints that are compared (the best
of many looks better than it is); it held if it did not, and is in the same way better than the bad one. What is neither
is passed over, and the answer may be a range.

Exits with 0 if a first bad checkpoint was found, with 1 if there is no fall or noise hides it.

Examples:
  pawl bisect pronounce-1a2b3c4d --suite hard
  pawl bisect pronounce-1a2b3c4d --good 100 --bad 400
`;

export function addBisectCommand(program: Command): void {
  program
    .command('bisect')
    .description('find the checkpoint that made the score of a suite fall')
    .argument('<run>', RUN_ARGUMENT)
    .option('--suite <name>', 'a suite of the experiment; default: the main one')
    .option('--good <step>', 'a step whose checkpoint is good; default: the best', step)
    .option('--bad <step>', 'a step whose checkpoint is bad; default: the last', step)
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, run, { suite, good, bad, output: format }) =>
        withRuns(config, async (runs) => {
          const report = await runs.serving.bisect(
            {
              run,
              ...(suite !== undefined && { suite }),
              ...(good !== undefined && { goodStep: good }),
              ...(bad !== undefined && { badStep: bad }),
            },
            {
              onStart: (id) => output.note(`pawl: ${id} is under way, and goes on without you`),
              onProbe: (probe) => {
                if (format === 'table') output.print(probeLine(probe));
              },
            },
          );
          if (format === 'json') output.printJson(report);
          else output.print(bisectLines(report, await stepsBetween(runs, report)).join('\n'));
          return report.outcome === 'found' ? EXIT.ok : EXIT.failed;
        }),
      ),
    );
}

/** What was trained from the last good checkpoint to the first bad one. */
async function stepsBetween(
  runs: Runs,
  { runId, lastGood, firstBad, probes }: BisectReport,
): Promise<readonly StepMetrics[]> {
  const at = (name: string | undefined): number | undefined =>
    probes.find(({ checkpoint }) => checkpoint === name)?.step;
  const [from, to] = [at(lastGood), at(firstBad)];
  return from === undefined || to === undefined ? [] : runs.steps(runId, { afterStep: from - 1, untilStep: to });
}

function step(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Give the step of a checkpoint, e.g. 200.');
  return Number(text);
}
