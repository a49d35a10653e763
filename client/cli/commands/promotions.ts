/** `pawl promotions`: what aliases stand for, what was asked of them, and what became of it. */
import type { Command } from '@commander-js/extra-typings';
import { UserError } from '../../errors.ts';
import { aliasLines, promotionLines } from '../render/promotions.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
Examples:
  pawl promotions                 every alias
  pawl promotions prod            one alias
  pawl promotions prod-1a2b3c4d   one promotion, with what was compared and everything that happened to it
`;

export function addPromotionsCommand(program: Command): void {
  program
    .command('promotions')
    .description('list what aliases stand for and what was promoted, refused or undone')
    .argument('[alias]', 'an alias, or the id of a promotion')
    .addOption(outputOption())
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, subject, { output: format }) =>
        withRuns(config, async ({ promotions }) => {
          const one = subject === undefined ? undefined : await promotions.show(subject);
          if (one !== undefined) {
            if (format === 'json') output.printJson(one);
            else output.print(promotionLines(one).join('\n'));
            return EXIT.ok;
          }
          const aliases = await promotions.list(subject);
          if (subject !== undefined && aliases.length === 0) {
            throw new UserError(`There is no alias or promotion "${subject}".`, '`pawl promotions` lists them.');
          }
          if (format === 'json') output.printJson(aliases);
          else if (aliases.length === 0) output.print('nothing was promoted yet: `pawl promote RUN --to ALIAS`');
          else output.print(aliases.flatMap((alias) => aliasLines(alias, output.columns)).join('\n'));
          return EXIT.ok;
        }),
      ),
    );
}
