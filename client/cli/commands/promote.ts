/** `pawl promote RUN[@CHECKPOINT] --to ALIAS`: a model of it, and an alias that stands for it, if it passes the gate. */
import { InvalidArgumentError, type Command } from '@commander-js/extra-typings';
import { PromotionSpec } from '../../../domain/spec/promotion-spec.ts';
import type { Gate } from '../../../domain/words/promotion.ts';
import { CHECKPOINT_ARGUMENT } from '../../lineage/checkpoint-reference.ts';
import { UserError } from '../../errors.ts';
import { undoneLines } from '../render/promotions.ts';
import type { Runs } from '../../runs/runs.ts';
import { whoAsks } from '../../who.ts';
import { act, outputOption, withRuns, type Context } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { aliasName, followPromotion, hours, noteMissingWorker } from './promotion-options.ts';

const HELP = `
The gate: on every suite, the candidate must be better than what the alias stands for, on the same prompts, with the
lower bound of the 95 % interval of the difference above the margin. Where the alias stands for nothing yet, it must be
better than the baseline of its own run. Ties and missing scores never promote. Deltas cannot be promoted: use a base.

What is asked of one alias is done one after the other, by workers: Ctrl-C leaves it going. With --approval it ends here
once it waits for \`pawl approve\`. --undo makes the alias stand for the champion before; the deployments stay as they are.

Examples:
  pawl promote pronounce-1a2b3c4d --to prod                      its last checkpoint
  pawl promote pronounce-1a2b3c4d@250 --to prod --margin 0.01    better by more than a point of a percent
  pawl promote pronounce-1a2b3c4d --to prod --suite main --suite safety --approval --expires 24h
  pawl approve prod
  pawl promote --undo prod
`;

interface Options {
  readonly to?: string | undefined;
  readonly suite?: string[] | undefined;
  readonly margin: number;
  readonly approval: boolean;
  readonly expires?: number | undefined;
  readonly model?: string | undefined;
  readonly undo?: string | undefined;
  readonly detach: boolean;
  readonly by?: string | undefined;
  readonly output: 'table' | 'json';
}

export function addPromoteCommand(program: Command): void {
  program
    .command('promote')
    .description('make an alias stand for a checkpoint that is better than its champion')
    .argument('[checkpoint]', `RUN (its last), ${CHECKPOINT_ARGUMENT}`)
    .option('--to <alias>', 'what the champion is known by, e.g. prod', aliasName)
    .option('--suite <name>', 'suite of the gate, may be repeated (default: main)', collect)
    .option('--margin <fraction>', 'how much better, from 0 to 1', fraction, 0)
    .option('--approval', 'a person must agree too', false)
    .option('--expires <duration>', 'how long approval is waited for, e.g. 30m, 7d (default: 24h)', hours)
    .option('--model <prefix>', "how the model's id begins (default: the run's name)")
    .option('--undo <alias>', 'make the alias stand for the champion before', aliasName)
    .option('--detach', 'ask, and leave', false)
    .option('--by <name>', 'who asks (default: this user, on this machine)')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async (context, checkpoint, options) =>
        withRuns(context.config, (runs) =>
          options.undo === undefined
            ? promote(context, runs, checkpoint, options)
            : undo(context, runs, options.undo, options),
        ),
      ),
    );
}

async function promote(
  { output }: Context,
  runs: Runs,
  checkpoint: string | undefined,
  options: Options,
): Promise<ExitCode> {
  const { to, detach, by = whoAsks(), output: format } = options;
  if (checkpoint === undefined || to === undefined) {
    throw new UserError('What is to be promoted, and to what?', 'For example: pawl promote RUN --to prod.');
  }
  const { id } = await runs.promotions.promote(checkpoint, { gate: gateOf(to, options), by });
  if (!detach) return followPromotion(runs, { id, output, format, until: 'awaiting-approval' });
  if (format === 'json') output.printJson({ id });
  else output.print(`${id} is asked for: pawl promotions ${id}`);
  return EXIT.ok;
}

function gateOf(alias: string, { suite: suites, margin, approval, expires, model }: Options): Gate {
  const gate = PromotionSpec.safeParse({ alias, suites, margin, approval, expiresHours: expires, model });
  if (gate.success) return gate.data;
  const problems = gate.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new UserError(`This gate cannot be: ${problems.join('; ')}.`, 'See `pawl promote --help`.');
}

async function undo(
  { output }: Context,
  runs: Runs,
  alias: string,
  { by = whoAsks(), output: format }: Options,
): Promise<ExitCode> {
  await noteMissingWorker(runs, output);
  const outcome = await runs.promotions.undo(alias, { by });
  if (format === 'json') output.printJson(outcome);
  else output.print(undoneLines(outcome).join('\n'));
  return EXIT.ok;
}

function collect(name: string, before: string[] | undefined): string[] {
  return [...(before ?? []), name];
}

function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Give a number from 0 to 1, e.g. 0.01 for a point of a percent.');
}
