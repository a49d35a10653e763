/** `pawl machines` and `pawl release ID`: what costs money, and its return by hand. */
import type { Command } from '@commander-js/extra-typings';
import { whoAsks } from '../../who.ts';
import { machineTable } from '../render/machine-lines.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const RELEASE_HELP = `
Deployments that a run left serving (deployment.onFinish: keep) are returned by this alone. Of a run that goes on, a
machine is returned with --force only; the run rents another. --forget ends the lease without asking the platform, for
a platform that does not exist any more.
`;

export function addMachinesCommand(program: Command): void {
  program
    .command('machines')
    .description('list everything that is rented: whose, since when, at what rate, in which state')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, { output: format }) =>
        withRuns(config, async (runs) => {
          const { machines, stale } = await runs.machines.list();
          if (stale !== undefined) output.note(`pawl: warning: as last recorded, since ${stale}`);
          if (format === 'json') output.printJson(machines);
          else if (machines.length > 0) output.print(machineTable(machines));
          else output.note('Nothing is rented.');
          return EXIT.ok;
        }),
      ),
    );
}

export function addReleaseCommand(program: Command): void {
  program
    .command('release')
    .description('return one machine')
    .argument('<id>', 'of the machine, as `pawl machines` lists it')
    .option('--force', 'also one whose run goes on')
    .option('--forget', 'end its lease without asking the platform')
    .addOption(outputOption())
    .addHelpText('after', RELEASE_HELP)
    .action(
      act(async ({ config, output }, id, { force = false, forget = false, output: format }) =>
        withRuns(config, async (runs) => {
          const report = await runs.machines.release({ id, force, forget, requestedBy: whoAsks() });
          if (format === 'json') output.printJson(report, { line: true });
          else output.print(`${report.kind} ${report.id}: ${report.state}`);
          return EXIT.ok;
        }),
      ),
    );
}
