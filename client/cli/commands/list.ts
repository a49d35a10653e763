/** `pawl list`: the newest runs, or those that are looked for. */
import type { Command } from '@commander-js/extra-typings';
import { collect } from '../../../files/experiment/settings.ts';
import { FACT_NAMES } from '../../runs/run-choice.ts';
import { runTable } from '../render/run-table.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { positiveInteger } from './arguments.ts';

const HELP = `
The score is the best so far, by what the run's policy judges; the cost is that of its machines, by the prices of its
experiment. "what differs" tells the runs listed apart: the fields of their experiments that are not the same in all.

Conditions are a field, one of = != > >= < <= ~ (a regular expression) and a value; all must hold. Fields are ${FACT_NAMES},
and those of the experiment: train.steps, model.base, … Chosen and sorted are the newest 1,000 runs.

Examples:
  pawl list -n 10
  pawl list --where outcome=failed --where 'started>=2026-11-01'
  pawl list --where 'name~^pronounce' --sort -score         the best first
  pawl list --tag ablation --sort train.learningRate        tags are the experiment's: tags: [ablation]
  pawl list --where 'cost>100' --output json
`;

export function addListCommand(program: Command): void {
  program
    .command('list')
    .description('list runs: how each stands, its score, duration and cost, and what tells them apart')
    .option('-n, --limit <count>', 'how many', positiveInteger, 50)
    .option('--where <condition>', 'only runs for which this holds; may be repeated', collect)
    .option('--tag <tag>', 'only runs whose experiment has this tag; may be repeated', collect)
    .option('--sort <field>', 'by this field; -FIELD: the largest first (default: the newest first)')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, { limit, where, tag, sort, output: format }) =>
        withRuns(config, async (runs) => {
          const { runs: found, stale } = await runs.list({
            limit,
            ...(where !== undefined && { where }),
            ...(tag !== undefined && { tags: tag }),
            ...(sort !== undefined && { sort }),
          });
          const chosen = where !== undefined || tag !== undefined;
          if (stale !== undefined) output.note(`pawl: warning: as last recorded, since ${stale}`);
          if (format === 'json') output.printJson(found);
          else if (found.length > 0) output.print(runTable(found, output.columns));
          else output.note(chosen ? 'No run is like that.' : 'There are no runs yet. Start one: pawl run FILE');
          return EXIT.ok;
        }),
      ),
    );
}
