/** `pawl prompts add|alias|list|show`: prompt sets that experiments name by hash or alias. */
import { InvalidArgumentError, type Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { PROMPTS_ALIAS, type AddedPrompts } from '../../../domain/words/prompts.ts';
import { promptSetLines, promptSetTable } from '../render/prompt-sets.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
A set is kept under the hash of its content and never changes; an alias is a name that can move to another set. In an
experiment, evaluate.prompts may be a file, sha256:HASH or alias:NAME. A run pins what an alias stands for when it starts.
`;

export function addPromptsCommand(program: Command): void {
  const prompts = program
    .command('prompts')
    .description('keep prompt sets, and name them for experiments')
    .addHelpText('after', HELP);

  prompts
    .command('add')
    .description('keep a JSONL file of prompts (text, messages or token ids) and references, tokenized')
    .argument('<file>', 'a {"prompt": … or "messages": …, "reference": …} per line, optionally with "tags"')
    .requiredOption('--tokenizer <path>', 'tokenizer.json of the model that will be asked')
    .option('--chat-template <path>', "Jinja file that renders messages (default: the tokenizer's own)")
    .option('--chat-template-arguments <json>', 'variables of the template, as data.chatTemplateArguments', objectOf)
    .option('--date <day>', 'what day it is for templates that ask (default: today)', day)
    .option('--no-beginning', "without the tokenizer's beginning token before prompts that are text")
    .option('--alias <name>', 'a name for it, which moves here if it is taken', aliasName)
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, path, { output: format, beginning, ...how }) =>
        withRuns(config, async ({ promptSets }) => {
          const request = { path, ...how, ...(!beginning && { addBeginning: false }) };
          const onProgress = (rows: number): void => output.note(`${rows} prompts so far`);
          const added = await promptSets.add(request, { onProgress });
          if (format === 'json') output.printJson(added);
          else output.print(addedLines(added).join('\n'));
          return EXIT.ok;
        }),
      ),
    );

  prompts
    .command('alias')
    .description('make a name stand for a set')
    .argument('<name>', 'the name', aliasName)
    .argument('<set>', 'sha256:HASH (or its beginning), or alias:NAME')
    .action(
      act(async ({ config, output }, alias, set) =>
        withRuns(config, async ({ promptSets }) => {
          const { hash, alias: moved } = await promptSets.alias({ alias, set });
          output.print(aliasLine(moved, hash));
          return EXIT.ok;
        }),
      ),
    );

  prompts
    .command('list')
    .description('list the sets, newest first')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, { output: format }) =>
        withRuns(config, async ({ promptSets }) => {
          const sets = await promptSets.list();
          if (format === 'json') output.printJson(sets);
          else output.print(sets.length === 0 ? 'no prompt sets yet: `pawl prompts add FILE`' : promptSetTable(sets));
          return EXIT.ok;
        }),
      ),
    );

  prompts
    .command('show')
    .description('show a set')
    .argument('<set>', 'its alias, its hash, or an unambiguous beginning of it')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, reference, { output: format }) =>
        withRuns(config, async ({ promptSets }) => {
          const set = await promptSets.show(reference);
          if (format === 'json') output.printJson(set);
          else output.print(promptSetLines(set).join('\n'));
          return EXIT.ok;
        }),
      ),
    );
}

function aliasName(text: string): string {
  if (PROMPTS_ALIAS.test(text)) return text;
  throw new InvalidArgumentError('Use lower-case letters, digits, dots, hyphens and underscores, e.g. heldout-v2.');
}

function objectOf(text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw new InvalidArgumentError('Write a JSON object, e.g. \'{"enable_thinking": false}\'.');
  }
}

function day(text: string): string {
  if (z.union([z.iso.date(), z.iso.datetime({ local: true })]).safeParse(text).success) return text;
  throw new InvalidArgumentError('Write a day, e.g. 2026-01-31, or 2026-01-31T09:30:00.');
}

function addedLines({ hash, prompts, duplicates, alias }: AddedPrompts): string[] {
  const left = duplicates === 0 ? '' : `, ${duplicates} identical left out`;
  return [`sha256:${hash}  ${prompts} prompts${left}`, ...(alias === undefined ? [] : [aliasLine(alias, hash)])];
}

function aliasLine({ name, previous }: NonNullable<AddedPrompts['alias']>, hash: string): string {
  const before = previous === undefined ? '' : `; before, it was sha256:${previous.slice(0, 12)}`;
  return `alias:${name} is sha256:${hash.slice(0, 12)}${before}`;
}
