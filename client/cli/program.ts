/** The command `pawl`: its commands, its help, and the one place where errors become words and exit codes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from '@commander-js/extra-typings';
import { addBackupCommand, addRestoreCommand } from './commands/backup.ts';
import { addBranchCommand } from './commands/branch.ts';
import { addBisectCommand } from './commands/bisect.ts';
import { addBudgetCommand } from './commands/budget.ts';
import { addBudgetsCommand } from './commands/budgets.ts';
import { addCheckCommand } from './commands/check.ts';
import { addCostsCommand } from './commands/costs.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { EXIT, EXIT_CODES_HELP, exitCodeOf } from './commands/exit-codes.ts';
import { addGcCommand } from './commands/gc.ts';
import { addImportCommand } from './commands/import.ts';
import { addListCommand } from './commands/list.ts';
import { addLogCommand } from './commands/log.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addMachinesCommand, addReleaseCommand } from './commands/machines.ts';
import { addNotifyCommand } from './commands/notify.ts';
import { addPauseCommand, addResumeCommand } from './commands/pause.ts';
import { addApproveCommand, addRejectCommand } from './commands/approve.ts';
import { addPromoteCommand } from './commands/promote.ts';
import { addPromotionsCommand } from './commands/promotions.ts';
import { addPromptsCommand } from './commands/prompts.ts';
import { addReconcileCommand } from './commands/reconcile.ts';
import { addReplayCommand } from './commands/replay.ts';
import { addReportCommand } from './commands/report.ts';
import { addReproduceCommand } from './commands/reproduce.ts';
import { addRollbackCommand } from './commands/rollback.ts';
import { addRunCommand } from './commands/run.ts';
import { addSamplesCommand } from './commands/samples.ts';
import { addScheduleCommand } from './commands/schedule.ts';
import { addSetCommand } from './commands/set.ts';
import { addShowCommand } from './commands/show.ts';
import { addSweepCommand } from './commands/sweep.ts';
import { addStopCommand } from './commands/stop.ts';
import { addServeCommand } from './commands/serve.ts';
import { addTokenCommand } from './commands/token.ts';
import { addUpCommand } from './commands/up.ts';
import { cutText, visible } from '../../domain/words/outside-text.ts';
import { readConfig } from '../config.ts';
import { messageOf } from '../errors.ts';
import { ExperimentError } from '../../files/experiment/experiment-error.ts';
import { packageRoot } from '../local/paths.ts';

const HELP = `
RUN is the id of a run, any beginning of it that only one run has, or @newest. A checkpoint is RUN@STEP, RUN@NAME, RUN@best or RUN@last.

Examples:
  pawl run examples/pronounce.yaml --local    one experiment, with everything it needs started for it
  pawl up                                     a stack that stays; then, in another terminal:
  pawl check examples/pronounce.yaml          what a run would train on, learn and cost; nothing is submitted
  pawl run examples/pronounce.yaml            submit, and follow; Ctrl-C leaves the run running
  pawl list
  pawl show pronounce-1a2b3c4d
  pawl branch pronounce-1a2b3c4d@best --set train.learningRate=1e-4
  pawl promote pronounce-1a2b3c4d --to prod
  pawl stop pronounce-1a2b3c4d
${EXIT_CODES_HELP}
Environment:
  PAWL_HOME            store, artifacts, logs (default: ~/.pawl)
  TEMPORAL_ADDRESS     a Temporal server that runs already (default: that of \`pawl up\`)
  TEMPORAL_NAMESPACE   default: default
  PAWL_TASK_QUEUE      default: pawl
  FIREWORKS_API_KEY    for workers that speak to the real platform
  NO_COLOR             no colours
  PAWL_DEBUG           errors with their stack traces`;

/** In the order in which a newcomer meets them. */
const COMMANDS: Readonly<Record<string, readonly ((program: Command) => void)[]>> = {
  Runs: [
    addUpCommand,
    addImportCommand,
    addCheckCommand,
    addRunCommand,
    addListCommand,
    addShowCommand,
    addLogsCommand,
    addPauseCommand,
    addResumeCommand,
    addStopCommand,
    addSetCommand,
  ],
  'Many runs': [addSweepCommand, addScheduleCommand, addBudgetCommand, addBudgetsCommand, addCostsCommand],
  Evidence: [
    addReportCommand,
    addSamplesCommand,
    addPromptsCommand,
    addReplayCommand,
    addReproduceCommand,
    addBisectCommand,
  ],
  'Branches and lineage': [addBranchCommand, addLogCommand, addDiffCommand],
  'Promotion and serving': [
    addPromoteCommand,
    addPromotionsCommand,
    addApproveCommand,
    addRejectCommand,
    addRollbackCommand,
  ],
  'HTTP API': [addServeCommand, addTokenCommand],
  Housekeeping: [
    addNotifyCommand,
    addMachinesCommand,
    addReleaseCommand,
    addReconcileCommand,
    addGcCommand,
    addBackupCommand,
    addRestoreCommand,
    addDoctorCommand,
  ],
};

function createProgram(): Command {
  const program = new Command('pawl')
    .description('Durable fine-tuning loops: train, checkpoint, sync, evaluate and decide, exactly once, on Temporal.')
    .version(version())
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(usageLine(text)) });
  for (const [heading, commands] of Object.entries(COMMANDS)) {
    program.commandsGroup(`${heading}:`);
    for (const add of commands) add(program);
  }
  return program;
}

function version(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** A path or a platform's answer may be as long as it likes; who reads has to find the remedy. */
const LONGEST_ERROR = 1_500;

/** Commander's "error: …", which may go over two lines, in the form of every other error. */
function usageLine(text: string): string {
  const problem = text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');
  return `pawl: ${cutText(visible(problem), LONGEST_ERROR)}. See \`pawl --help\`.\n`.replaceAll('..', '.');
}

function report(error: unknown): void {
  if (error instanceof CommanderError) return; // Commander has said it.
  if (debugging() && error instanceof Error) {
    process.stderr.write(`${visible(error.stack ?? '')}\n`);
    return;
  }
  for (const line of error instanceof ExperimentError ? error.problems : [messageOf(error)]) {
    process.stderr.write(`pawl: ${cutText(visible(line), LONGEST_ERROR)}\n`);
  }
}

/** An environment that cannot be read asks for no stack traces either. */
function debugging(): boolean {
  try {
    return readConfig().debug;
  } catch {
    return false;
  }
}

// A reader that has seen enough (`pawl list | head`) is no error.
process.stdout.on('error', () => process.exit(EXIT.ok));
// What cannot be said, on a full disk for instance, is no reason to let go of what is kept running.
process.stderr.on('error', () => undefined);

try {
  await createProgram().parseAsync();
} catch (error) {
  report(error);
  process.exitCode = exitCodeOf(error);
}
