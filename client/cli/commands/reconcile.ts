/** `pawl reconcile`: returns what is rented for runs that are over, now instead of at the next scheduled time. */
import type { Command } from '@commander-js/extra-typings';
import { UNMARKED, type ReleaseReport, type UnknownMachine } from '../../../domain/words/machines.ts';
import type { Runs } from '../../runs/runs.ts';
import { whoAsks } from '../../who.ts';
import type { Output } from '../output.ts';
import { unknownLines } from '../render/machine-lines.ts';
import { reconcileLines } from '../render/reconcile-lines.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const HELP = `
Workers do this every few minutes by themselves (PAWL_RECONCILE_SECONDS). A run that finishes, fails or is cancelled
returns what it rented; one that was terminated, or that Temporal lost, cannot. What such a run still rents is deleted
once the run has been over for the grace period (PAWL_LEASE_GRACE_SECONDS of the workers). Anything that pawl did not
create is never touched.

After a store was lost, --unknown finds machines by the names that pawl gives, and tells whose they are by the mark of the
store that made them. A home keeps its mark (store.id) when its store is lost. --return returns those of this mark alone,
and of them only those whose runs are over, deployments that were left serving on purpose included; what other homes on
the account rent is listed, and left alone. A home that is
lost altogether has another mark when it is made anew: name the old one, as it is listed, with --of. Make sure that no
other home uses it: whether its runs go on cannot be asked from here.
`;

export function addReconcileCommand(program: Command): void {
  program
    .command('reconcile')
    .description('return what is rented for runs that are over and could not return it themselves')
    .option('--dry-run', 'only say what would be returned')
    .option('--unknown', 'instead: list machines that pawl made, by their names, and that this store does not know')
    .option('--return', 'with --unknown: return those that this store made and whose runs are over')
    .option('--of <mark>', 'with --return: those of this mark instead, another store’s; "none": those that bear none')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, { dryRun = false, unknown, return: returned = false, of: mark, output: format }) =>
        withRuns(config, async (runs) => {
          if (unknown === true) return reconcileUnknown(runs, { returned, mark, format, output });
          const report = await runs.reconcile({ dryRun });
          if (format === 'json') output.printJson(report);
          else output.print(reconcileLines(report).join('\n'));
          return report.failed.length > 0 ? EXIT.failed : EXIT.ok;
        }),
      ),
    );
}

/** After a store was lost: what only the platform knows. */
async function reconcileUnknown(
  runs: Runs,
  {
    returned,
    mark,
    format,
    output,
  }: { returned: boolean; mark: string | undefined; format: 'table' | 'json'; output: Output },
): Promise<ExitCode> {
  const isMeant = (one: UnknownMachine): boolean => (mark === undefined ? one.ours : (one.mark ?? UNMARKED) === mark);
  const found = await runs.machines.unknown();
  const idle = returned ? found.filter((one) => isMeant(one) && !one.inUse) : [];
  const reports: ReleaseReport[] = [];
  for (const { id } of idle) {
    const how = {
      force: false,
      forget: false,
      unknown: true,
      requestedBy: whoAsks(),
      ...(mark !== undefined && { mark }),
    };
    reports.push(await runs.machines.release({ id, ...how }));
  }
  if (format === 'json') output.printJson({ unknown: found, returned: reports });
  else {
    const done = returned
      ? `${reports.length} returned`
      : `${found.filter(isMeant).length} made by its own workers (--return)`;
    output.print(
      [
        `${found.length === 1 ? '1 machine' : `${found.length} machines`} that this store does not know, ${done}`,
        ...unknownLines(found),
        ...reports.map(({ kind, id, state }) => `${kind} ${id}: now ${state}`),
      ].join('\n'),
    );
  }
  return EXIT.ok;
}
