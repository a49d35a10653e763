/** `pawl import FILE`: the experiment that does what a managed fine-tuning job did. */
import { access, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { codeOf, UserError } from '../../errors.ts';
import { experimentOf, type ImportOptions } from '../../import/experiment-of.ts';
import { readManagedJob } from '../../import/managed-job.ts';
import { act, type Context } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const HELP = `
FILE is JSON as the service's API gives it: a job, or a list of jobs. Known are Fireworks' supervisedFineTuningJobs and
dpoJobs, and OpenAI's fine-tuning requests and jobs. Nothing is asked of any service. What a job does not say, and what a
run does otherwise, stands at the head of the experiment; FILL-IN stands where something is missing.

Examples:
  pawl import job.json                          to the terminal
  pawl import jobs.json --job my-job --to my.yaml
  pawl import job.json --to my.yaml --shape accounts/fireworks/trainingShapes/SHAPE --tokenizer tokenizer.json \\
    --data train.jsonl --prompts heldout.jsonl
  pawl check my.yaml                            what it trains on, and what is still wrong
`;

interface Options extends ImportOptions {
  readonly job?: string | undefined;
  readonly to?: string | undefined;
}

export function addImportCommand(program: Command): void {
  program
    .command('import')
    .description('write the experiment that does what a managed fine-tuning job did')
    .argument('<file>', 'JSON of a job, or of a list of jobs')
    .option('--job <id>', 'which of several')
    .option('--to <file>', 'experiment file to write (default: the terminal); none is written over')
    .option('--shape <name>', 'accounts/<account>/trainingShapes/<shape>')
    .option('--tokenizer <path>', 'tokenizer.json of the base model, seen from the experiment file')
    .option('--data <path>', 'the training data, seen from the experiment file')
    .option('--prompts <path>', 'prompts with references, seen from the experiment file')
    .addHelpText('after', HELP)
    .action(act((context, file: string, options: Options) => importJob(context, file, options)));
}

async function importJob({ output }: Context, file: string, { job, to, ...options }: Options): Promise<ExitCode> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UserError(
      `${file} cannot be read (${codeOf(cause) ?? String(cause)}).`,
      'Give a file with the answer of the call that gets or lists jobs.',
      { cause },
    );
  });
  const { yaml, template, notes } = experimentOf(readManagedJob(content, job), options);
  if (to === undefined) {
    output.print(yaml.trimEnd());
    if (template !== undefined) output.note(`the job's chat template is written to ${template.file} with --to`);
    return EXIT.ok;
  }
  const files = [{ path: to, content: yaml }];
  if (template !== undefined) files.push({ path: join(dirname(to), template.file), content: template.content });
  for (const { path } of files) await refuseToReplace(path);
  for (const { path, content: written } of files) await writeNew(path, written);
  for (const note of notes) output.note(note);
  output.print(`wrote ${files.map(({ path }) => path).join(' and ')}; next: pawl check ${to}`);
  return EXIT.ok;
}

/** All of them before any is written. */
async function refuseToReplace(path: string): Promise<void> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (there) throw new UserError(`${path} is there already.`, 'Name another file.');
}

async function writeNew(path: string, content: string): Promise<void> {
  await writeFile(path, content, { flag: 'wx' }).catch((cause: unknown) => {
    throw new UserError(`${path} cannot be written (${codeOf(cause) ?? String(cause)}).`, 'Name another file.', {
      cause,
    });
  });
}
