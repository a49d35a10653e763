/** `pawl costs`: what was rented, and what it came to. */
import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { COSTS_BY } from '../../money/costs.ts';
import { costLines } from '../render/cost-lines.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
From the leases: from before a machine is asked for until the platform says that it is gone, by the prices of its experiment. Branches
and trials are runs like any other.

Examples:
  pawl costs                              a run a line, the dearest first
  pawl costs --by day --since 2026-11-01
  pawl costs --by sweep --output json
`;

export function addCostsCommand(program: Command): void {
  program
    .command('costs')
    .description('tell what was rented and what it came to, and what of it was for nothing')
    .addOption(new Option('--by <what>', 'a line for each').choices(COSTS_BY).default('run' as const))
    .option('--since <day>', 'only what was rented from then on (a day in UTC, or a time with its offset)', time)
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, { by: asked, since, output: format }) =>
        withRuns(config, async (runs) => {
          const by = COSTS_BY.find((one) => one === asked) ?? 'run';
          const report = await runs.costs({ by, since });
          if (format === 'json') output.printJson(report, { line: true });
          else output.print(costLines(report, by).join('\n'));
          return EXIT.ok;
        }),
      ),
    );
}

function time(text: string): string {
  if (!Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  throw new InvalidArgumentError('Write a day, e.g. 2026-11-01.');
}
