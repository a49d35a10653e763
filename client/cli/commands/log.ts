/** `pawl log [RUN]`: checkpoints newest first, or with `--graph` the tree of runs and branches that they are part of. */
import type { Command } from '@commander-js/extra-typings';
import { lineageGraph, lineageList } from '../render/lineage-lines.ts';
import { positiveInteger } from './arguments.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
With RUN: its whole family, that is the run it descends from and all that branched from any of them.

In the graph, newest first, a column is a run (◆ its newest end), a point on it a checkpoint (●), a rewind (↺) or a change that was set (✎); a branch
joins the checkpoint that it began at. In brackets: what it is to an alias (prod, was prod, prod undone).

  ◆ pronounce-1a2b3c4d  finished
  │   plateau: no gain above 1.0 % …
  ● step 60  step-000060-g1-1a2b3c4d  exact_match 30.1 % [24.8, 36.0]  branch
  │ ◆ pronounce-9e3779b1  running  train.optimizer.learningRate 0.003 → 0.001
  │ ● step 40  step-000040-g1-9e3779b1  exact_match 31.2 % [25.9, 37.2]  continue
  ├─╯
  ● step 40  step-000040-g1-1a2b3c4d  exact_match 31.2 % [25.9, 37.2]  continue

Examples:
  pawl log --graph                     the newest runs
  pawl log --graph pronounce-1a2b3c4d
  pawl log --output json               the same as data
`;

export function addLogCommand(program: Command): void {
  program
    .command('log')
    .description('show the lineage of runs: checkpoints, scores, verdicts, branches')
    .argument('[run]', 'id of a run, an unambiguous beginning of it, or @newest; default: the newest runs')
    .option('--graph', 'draw what came from what')
    .option('-n, --limit <count>', 'how many runs; without --graph, how many checkpoints', positiveInteger, 20)
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, reference, { graph = false, limit, output: format }) =>
        withRuns(config, async (runs) => {
          const runId = reference === undefined ? undefined : await runs.resolve(reference);
          const found = await runs.lineage({ limit, ...(runId !== undefined && { runId }) });
          if (format === 'json') output.printJson(found);
          else if (found.length === 0) output.note('There are no runs yet. Start one: pawl run FILE');
          else if (graph) output.print(lineageGraph(found, output.colours, output.columns));
          else output.print(lineageList(found, limit, output.columns));
          return EXIT.ok;
        }),
      ),
    );
}
