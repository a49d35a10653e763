/** `pawl notify list|test`: the channels by which people are told. */
import type { Command } from '@commander-js/extra-typings';
import { notifyLines } from '../render/notify-lines.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
Channels stand in notify.yaml in the home; URLs and secrets in the environment of the workers:

  channels:
    ops:  { kind: webhook, url: PAWL_NOTIFY_OPS_URL, secret: PAWL_NOTIFY_OPS_SECRET }
    team: { kind: slack, url: PAWL_NOTIFY_TEAM_URL }
    me:   { kind: email, smtp: PAWL_NOTIFY_SMTP, from: pawl@example.com, to: [me@example.com] }
  default: { channels: [me] }

An experiment or sweep names others: notify: { channels: [ops], events: [run.failed] }. docs/notifications.md has the rest.

Examples:
  pawl notify list            channels, and what is still to be delivered, and why
  pawl notify test ops        sends one message by ops, now
`;

export function addNotifyCommand(program: Command): void {
  const notify = program
    .command('notify')
    .description('see by which channels people are told, and try one')
    .addHelpText('after', HELP);

  notify
    .command('list')
    .description('list channels, and what is still to be delivered')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, { output: format }) =>
        withRuns(config, async (runs) => {
          const view = await runs.notify.list(config.home);
          if (format === 'json') output.printJson(view);
          else output.print(notifyLines(view).join('\n'));
          return EXIT.ok;
        }),
      ),
    );

  notify
    .command('test')
    .description('send one message by a channel')
    .argument('<channel>', 'name of the channel in notify.yaml')
    .action(
      act(async ({ config, output }, channel) =>
        withRuns(config, async (runs) => {
          await runs.notify.test(channel, config.home);
          output.print(`sent by ${channel}`);
          return EXIT.ok;
        }),
      ),
    );
}
