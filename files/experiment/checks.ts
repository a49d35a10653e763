/** What the schema cannot see: fields that contradict each other, and files that are not there. */
import { readdir, stat } from 'node:fs/promises';
import { DATA_FILE } from '../../domain/spec/data-files.ts';
import { codeField, codePath, isCode } from '../../domain/spec/code-spec.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import { batchProblems } from './batch-checks.ts';
import { policyBranchProblems } from './branch-checks.ts';
import { policyProblems } from './policy-checks.ts';
import { preferenceProblems } from './preference-checks.ts';
import type { Problem } from './problems.ts';
import { promotionProblems } from './promotion-checks.ts';
import { suiteFiles, suiteProblems } from './suite-checks.ts';
import { startProblems } from './start-checks.ts';
import { validationProblems } from './validation-checks.ts';

/** Fields that are right one by one and wrong together. */
export function contradictions(spec: RunSpec): Problem[] {
  const { train, checkpoint, budget, prices } = spec;
  const problems: Problem[] = [];
  if (train.epochs === undefined && checkpoint.every > train.steps) {
    problems.push({
      path: ['checkpoint', 'every'],
      against: 'train.steps',
      message: `${checkpoint.every} is more than train.steps (${train.steps}). Lower it, or train longer.`,
    });
  }
  problems.push(
    ...scheduleProblems(train),
    ...suiteProblems(spec.evaluate),
    ...preferenceProblems(spec),
    ...validationProblems(spec),
    ...startProblems(spec),
    ...batchProblems(spec),
  );
  problems.push(...policyProblems(spec), ...policyBranchProblems(spec, contradictions), ...promotionProblems(spec));
  const limit = budget.account === undefined ? 'maxCost' : 'account';
  if (budget[limit] !== undefined && prices.trainerPerHour === 0 && prices.replicaPerHour === 0) {
    problems.push({
      path: ['budget', limit],
      message: 'limits nothing while every price is 0. Add prices.trainerPerHour and prices.replicaPerHour.',
    });
  }
  return problems;
}

function scheduleProblems({ steps, epochs, schedule }: RunSpec['train']): Problem[] {
  const { kind, warmupSteps, decayFraction } = schedule;
  const problems: Problem[] = [];
  // What epochs come to is only known, and checked, once the data is.
  if (epochs === undefined && warmupSteps > steps) {
    problems.push({
      path: ['train', 'schedule', 'warmupSteps'],
      against: 'train.steps',
      message: `${warmupSteps} is more than train.steps (${steps}). Lower it, or train longer.`,
    });
  }
  if (decayFraction !== undefined && kind !== 'wsd') {
    problems.push({
      path: ['train', 'schedule', 'decayFraction'],
      message: `belongs to kind wsd; a ${kind} schedule has none. Set train.schedule.kind to wsd, or leave it out.`,
    });
  }
  return problems;
}

/** The files that a spec names must be there and hold something: better said now than after a worker took the run. */
export async function unreadableFiles(spec: RunSpec): Promise<Problem[]> {
  const files: [PropertyKey[], string, check?: typeof dataProblem][] = [
    [['model', 'tokenizer'], spec.model.tokenizer],
    ...dataFiles(['data', 'train'], spec.data.train),
    ...dataFiles(['evaluate', 'loss', 'data'], spec.evaluate.loss?.data ?? []),
  ];
  files.push(...suiteFiles(spec.evaluate));
  const { chatTemplate } = spec.data;
  if (chatTemplate !== undefined) files.push([['data', 'chatTemplate'], chatTemplate]);
  const { objective } = spec.train;
  const requirements = spec.python?.requirements;
  if (requirements !== undefined) files.push([['python', 'requirements'], requirements]);
  if (isCode(objective)) files.push([['train', 'objective', codeField(objective)], codePath(objective)]);
  const found = await Promise.all(
    files.map(async ([path, file, check = (name) => fileProblem(name)]) => ({ path, message: await check(file) })),
  );
  return found.flatMap(({ path, message }) => (message === undefined ? [] : [{ path, message }]));
}

function dataFiles(
  field: PropertyKey[],
  files: RunSpec['data']['train'],
): [PropertyKey[], string, typeof dataProblem][] {
  if (typeof files === 'string') return [[field, files, dataProblem]];
  return files.map((path, index) => [[...field, index], path, dataProblem]);
}

/** Training data may also be a folder, whose files of data count. */
async function dataProblem(path: string): Promise<string | undefined> {
  const names = await readdir(path).catch(() => undefined);
  if (names === undefined) return fileProblem(path);
  const any = names.some((name) => DATA_FILE.test(name) && !name.startsWith('.'));
  return any
    ? undefined
    : `the folder ${path} has no file of data (.jsonl, .jsonl.gz, .jsonl.zst, .csv, .parquet). Put one into it.`;
}

/** `from`: which file its path counts from. */
export async function fileProblem(file: string, from = 'experiment'): Promise<string | undefined> {
  try {
    const facts = await stat(file);
    if (!facts.isFile()) return `${file} is not a file. Name a file in it.`;
    return facts.size === 0 ? `${file} is empty. Put at least one line into it.` : undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const problem = code === 'ENOENT' ? `there is no file ${file}` : `cannot read ${file} (${code})`;
    return `${problem}. Create it or correct the path, which counts from the ${from} file's folder.`;
  }
}
