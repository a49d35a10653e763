/** `pawl budget RUN|SWEEP`: other limits for what goes on. */
import { InvalidArgumentError, type Command } from '@commander-js/extra-typings';
import { UserError } from '../../errors.ts';
import type { Runs } from '../../runs/runs.ts';
import { act, noteNobody, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
From now on, whatever it is doing; a run that is about to end because its budget is used up goes on. What was set, when and by whom is in
its log. Of a sweep the limits are those of all its trials together.

Examples:
  pawl budget pronounce-1a2b3c4d --max-cost 80
  pawl budget rates-1a2b3c4d --max-hours 12
`;

export function addBudgetCommand(program: Command): void {
  program
    .command('budget')
    .description('change what a run or a sweep that goes on may cost')
    .argument('<run-or-sweep>', 'id of a run or a sweep, or an unambiguous beginning of it')
    .option('--max-cost <amount>', 'in the currency of its prices', positive)
    .option('--max-hours <hours>', 'rented', positive)
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, reference, { maxCost, maxHours, output: format }) =>
        withRuns(config, async (runs) => {
          const limits = { ...(maxCost !== undefined && { maxCost }), ...(maxHours !== undefined && { maxHours }) };
          if (Object.keys(limits).length === 0) {
            throw new UserError('Nothing is to be changed.', 'Give --max-cost, --max-hours, or both.');
          }
          const { id, isSweep } = await whose(runs, reference);
          await (isSweep ? runs.sweeps.budget(id, limits) : runs.budget(id, limits));
          await noteNobody(runs, id, output);
          if (format === 'json') output.printJson({ id, ...limits }, { line: true });
          else output.print(`${id}: noted. pawl ${isSweep ? 'sweep ' : ''}show ${id}`);
          return EXIT.ok;
        }),
      ),
    );
}

/** What is no sweep is a run, whose own words tell what is wrong with its id. */
async function whose(runs: Runs, reference: string): Promise<{ id: string; isSweep: boolean }> {
  const sweep = (await runs.sweeps.list({ limit: 1_000 })).find(({ sweepId }) => sweepId.startsWith(reference));
  if (sweep === undefined || reference.startsWith('@')) return { id: await runs.resolve(reference), isSweep: false };
  return { id: await runs.sweeps.resolve(reference), isSweep: true };
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('Write a number greater than 0.');
}
