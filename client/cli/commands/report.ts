/** `pawl report RUN|SWEEP|--since WHEN`: what it came to, as Markdown or as one HTML file. */
import { writeFile } from 'node:fs/promises';
import { Option, type Command } from '@commander-js/extra-typings';
import { toHtml, toMarkdown } from '../../../report/index.ts';
import { UserError } from '../../errors.ts';
import { sinceMsOf } from '../../report/report.ts';
import { act, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
Examples:
  pawl report pronounce-1a2b3c4d                              Markdown, to the screen, without pictures
  pawl report pronounce-1a2b3c4d --output night.html          one HTML file that needs no network
  pawl report rates-1a2b3c4d --output rates.md                a sweep: its winner, the luck in it, every trial
  pawl report --since yesterday                               what happened, and what waits for you
`;

export function addReportCommand(program: Command): void {
  program
    .command('report')
    .description('say what a run, a sweep or a night came to, with its evidence')
    .argument('[subject]', 'id of a run or of a sweep, or any beginning of it that only one has')
    .option('--since <when>', 'everything since then: yesterday, today, 24h, 7d, 2026-11-27')
    .addOption(
      new Option('--format <format>', 'how it is written; default: by the name of the file, else md').choices([
        'md',
        'html',
      ] as const),
    )
    .option('--output <file>', 'write it into this file')
    .addHelpText('after', HELP)
    .action(
      act(async ({ config, output }, subject, { since, format, output: file }) =>
        withRuns(config, async ({ reports }) => {
          if ((subject === undefined) === (since === undefined)) {
            throw new UserError('A report is of one thing.', 'Give a run or a sweep, or --since yesterday.');
          }
          const document =
            subject === undefined ? await reports.since(sinceMsOf(since ?? '', Date.now())) : await reports.of(subject);
          const html = (format ?? (file !== undefined && /\.html?$/i.test(file) ? 'html' : 'md')) === 'html';
          const pictures = file !== undefined || output.terminal === undefined;
          const written = html ? toHtml(document) : toMarkdown(document, { pictures });
          if (file === undefined) {
            output.print(written.trimEnd());
            if (!html && !pictures) output.note('with its pictures: --output FILE');
            return EXIT.ok;
          }
          await writeFile(file, written).catch((error: NodeJS.ErrnoException) => {
            throw new UserError(`${file} cannot be written (${error.code ?? 'unknown error'}).`, 'Name another file.');
          });
          output.note(`written: ${file}`);
          return EXIT.ok;
        }),
      ),
    );
}
