/** `pawl check FILE`: an experiment as its run will see it, before anything is submitted. */
import type { Command } from '@commander-js/extra-typings';
import { loadExperiment } from '../../../files/experiment/experiment-file.ts';
import { collect, SET_HELP, SET_OPTION } from '../../../files/experiment/settings.ts';
import { checkExperiment } from '../../local/check-program.ts';
import { checkReport } from '../render/check-report.ts';
import { act, outputOption, type Context } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const HELP = `
Does what a run does first: reads every row, renders and tokenizes it, opens the prompts of every suite, loads and tries
graders and objectives, and adds up steps, tokens and cost. Then it shows examples as the model sees them: what it only
reads is marked "read", what it learns to write is marked "learn". Nothing is submitted or rented, and neither Temporal
nor a store is needed. The shape is asked for at the sandbox that is up, or with FIREWORKS_API_KEY; --offline asks nobody.
Rows are kept as tokens in PAWL_HOME, where the run finds them again.

Exit code 2: a run would be refused, and why is said.

Examples:
  pawl check my.yaml
  pawl check my.yaml --set data.maxTokens=512       with a field changed, as for pawl run
  pawl check my.yaml --full                         examples from end to end
  pawl check my.yaml --output json > check.json     everything, masks included
`;

interface CheckCommandOptions {
  readonly set?: readonly string[];
  readonly full?: true;
  readonly offline?: true;
  readonly output: 'table' | 'json';
}

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('look at an experiment without submitting it: rows, masks, steps, tokens, cost, what is wrong')
    .argument('<file>', 'experiment file (YAML)')
    .option(SET_OPTION, SET_HELP, collect)
    .option('--full', 'show examples from end to end')
    .option('--offline', 'ask no platform for the shape')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(act((context, file: string, options: CheckCommandOptions) => check(context, file, options)));
}

async function check(
  { config, output }: Context,
  file: string,
  { full, offline, output: format, ...load }: CheckCommandOptions,
): Promise<ExitCode> {
  const spec = await loadExperiment(file, load);
  let told = 0;
  const onProgress = ({ percent, examples }: { percent: number; examples: number }): void => {
    // A line for each tenth, of what takes long enough to have tenths.
    const tenth = Math.floor(percent / 10);
    if (tenth > told && percent < 100) output.note(`${percent} % of the rows tokenized, ${examples} examples so far`);
    told = tenth;
  };
  const report = await checkExperiment(config, spec, { offline: offline === true, onProgress });
  if (format === 'json') output.printJson(report);
  else output.print(checkReport(report, { colours: output.colours, width: output.columns, full: full === true }));
  for (const problem of report.problems) output.note(`pawl: ${output.colours.bad(problem)}`);
  return report.problems.length === 0 ? EXIT.ok : EXIT.usage;
}
