/** `pawl token add|list|revoke`: who may ask the HTTP API. */
import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { isValid } from '../../access/tokens.ts';
import { ROLES } from '../../../domain/words/access.ts';
import type { StoredToken } from '../../../store/rows/access-records.ts';
import { whoAsks } from '../../who.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { hours } from './promotion-options.ts';

const HELP = `
A viewer reads, an operator also acts on runs and sweeps, an admin also approves, returns machines and reads the record of
who did what. A token is shown once, when it is made: pawl keeps no more than a hash of it.

Examples:
  pawl token add ada --role operator --expires 30d
  pawl token list
  pawl token revoke 1a2b3c4d
`;

export function addTokenCommand(program: Command): void {
  const token = program.command('token').description('say who may ask the HTTP API').addHelpText('after', HELP);

  token
    .command('add')
    .description('make a token')
    .argument('<owner>', 'as whom it acts, for the record', owner)
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).default('viewer' as const))
    .option('--expires <duration>', 'how long it holds, e.g. 12h, 30d (default: until it is revoked)', hours)
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, name, { role, expires, output: format }) =>
        withRuns(config, async ({ tokens }) => {
          const expiresAt =
            expires === undefined ? undefined : new Date(Date.now() + expires * 3_600_000).toISOString();
          const request = { role, owner: name, by: whoAsks(), ...(expiresAt !== undefined && { expiresAt }) };
          const made = await tokens.add(request);
          if (format === 'json') output.printJson({ ...made, owner: name, role, expiresAt });
          else {
            output.note(
              `${made.id}: ${role} ${name}${expiresAt === undefined ? '' : `, until ${expiresAt}`}; shown once:`,
            );
            output.print(made.token);
          }
          return EXIT.ok;
        }),
      ),
    );

  token
    .command('list')
    .description('list the tokens, newest first')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, { output: format }) =>
        withRuns(config, async ({ tokens }) => {
          const list = await tokens.list();
          if (format === 'json') output.printJson(list);
          else if (list.length === 0) output.note('There are no tokens: pawl token add OWNER');
          else output.print(list.map(tokenLine).join('\n'));
          return EXIT.ok;
        }),
      ),
    );

  token
    .command('revoke')
    .description('take a token back, from now on')
    .argument('<id>', 'of the token, as `pawl token list` shows it')
    .action(
      act(async ({ config, output }, id) =>
        withRuns(config, async ({ tokens }) => {
          await tokens.revoke(id);
          output.print(`${id} is no token any more`);
          return EXIT.ok;
        }),
      ),
    );
}

function tokenLine(token: StoredToken): string {
  const { id, role, owner: name, createdAt, expiresAt, revokedAt } = token;
  const until = expiresAt === undefined ? 'until it is revoked' : `until ${expiresAt}`;
  const standing = isValid(token, Date.now()) ? until : revokedAt === undefined ? 'expired' : `revoked ${revokedAt}`;
  return `${id}  ${role.padEnd(8)}  ${name}  made ${createdAt}, ${standing}`;
}

function owner(text: string): string {
  if (/^[\w.@+-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError('Use 1 to 64 letters, digits, dots, hyphens, @ and underscores, e.g. ada.');
}
