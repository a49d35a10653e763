/** `pawl budgets set|list|show`: budgets that runs draw on together. */
import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { PERIODS } from '../../../domain/decide/accounts.ts';
import type { AccountView } from '../../money/accounts.ts';
import { table } from '../render/tables.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
An experiment, or a sweep, draws on it with budget: { account: team-a }. A run reserves before it rents, a quarter of an hour at a time; what
it did not need is free once it is over. Where nothing is left, one that has rented nothing waits, and the others end in good order.

Examples:
  pawl budgets set team-a --max-cost 500 --per month
  pawl budgets list
  pawl budgets show team-a
`;

export function addBudgetsCommand(program: Command): void {
  const budgets = program
    .command('budgets')
    .description('limits per day, week or month that runs draw on together')
    .addHelpText('after', HELP);

  budgets
    .command('set')
    .description('make a budget, or give it another limit')
    .argument('<name>', 'its name, as experiments say it', accountName)
    .requiredOption('--max-cost <amount>', 'in the currency of its experiments’ prices', positive)
    .addOption(
      new Option('--per <period>', 'days, weeks from Monday, and months are those of UTC')
        .choices(PERIODS)
        .default('month' as const),
    )
    .action(
      act(async ({ config, output }, name, { maxCost, per }) =>
        withRuns(config, async ({ accounts }) => {
          await accounts.set({ name, maxCost, per: PERIODS.find((one) => one === per) ?? 'month' });
          output.print(`${name}: ${maxCost} per ${per}. In an experiment: budget: { account: ${name} }`);
          return EXIT.ok;
        }),
      ),
    );

  budgets
    .command('list')
    .description('list budgets, and how far each is used up')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, { output: format }) =>
        withRuns(config, async ({ accounts }) => {
          const list = await accounts.list();
          if (format === 'json') output.printJson(list);
          else
            output.print(
              list.length === 0 ? 'no budgets yet: pawl budgets set NAME --max-cost AMOUNT' : accountTable(list),
            );
          return EXIT.ok;
        }),
      ),
    );

  budgets
    .command('show')
    .description('show a budget, and what each run has of it')
    .argument('<name>', 'name of the budget')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, name, { output: format }) =>
        withRuns(config, async ({ accounts }) => {
          const account = await accounts.show(name);
          if (format === 'json') output.printJson(account, { line: true });
          else output.print(`${accountTable([account])}\n\n${grantTable(account)}`);
          return EXIT.ok;
        }),
      ),
    );
}

function accountTable(accounts: readonly AccountView[]): string {
  const head = ['budget', 'limit', 'spent', 'reserved', 'left', 'since', 'until', 'set by'];
  const rows = accounts.map(({ name, maxCost, per, spent, reserved, begins, ends, setBy }) => [
    name,
    `${maxCost} per ${per}`,
    spent.toFixed(2),
    reserved.toFixed(2),
    Math.max(0, maxCost - spent - reserved).toFixed(2),
    begins,
    ends,
    setBy,
  ]);
  return table(head, rows);
}

function grantTable({ grants }: AccountView): string {
  if (grants.length === 0) return 'no run has drawn on it in this period';
  const rows = grants.map(({ runId, granted, settled }) => [runId, granted.toFixed(2), settled ? 'spent' : 'reserved']);
  return table(['run', 'amount', ''], rows);
}

function accountName(text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError('Use 1 to 31 lower-case letters, digits and hyphens, e.g. team-a.');
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('Write a number greater than 0.');
}
