/** Loads an experiment file: YAML in, a valid `RunSpec` with absolute paths out, or every problem with its remedy. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isMap, isNode, isScalar, type Document, type LineCounter } from 'yaml';
import { promptsReference } from '../../domain/words/prompts.ts';
import { isCode, movedCode, type PythonSpec } from '../../domain/spec/code-spec.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { ALIASES } from '../../domain/spec/spec-changes.ts';
import type { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import { messageOf } from '../../domain/words/user-error.ts';
import { contradictions, unreadableFiles } from './checks.ts';
import { notifyProblems, type ChannelCheck } from './notify-checks.ts';
import { ExperimentError } from './experiment-error.ts';
import { problemsOf, type Problem } from './problems.ts';
import { changed, readSettings } from './settings.ts';
import { decodeYaml, parseYamlText } from './yaml-text.ts';

export interface LoadOptions {
  /** What is wrong with a channel that `notify` names; absent: nobody knows the channels here. */
  readonly channels?: ChannelCheck | undefined;
  /** Overrides, as `path=value` with the value in YAML: `train.steps=100`. */
  readonly set?: readonly string[];
  /** Fields whose files need not be there yet. */
  readonly awaited?: readonly string[];
}

/** Reads and validates one experiment; fails with an `ExperimentError` that lists every problem found. */
export async function loadExperiment(file: string, options: LoadOptions = {}): Promise<RunSpec> {
  return readExperiment(await openYaml(file, options), dirname(resolve(file)), options);
}

/** The same of what was sent: YAML, or JSON, which is YAML too. Its paths count from `folder`. */
export async function loadExperimentText(
  text: string,
  { folder, ...options }: LoadOptions & { readonly folder: string },
): Promise<RunSpec> {
  return readExperiment(openYamlBytes('experiment', Buffer.from(text), options), folder, options);
}

async function readExperiment(
  { value, errorOf }: YamlFile,
  folder: string,
  { awaited: later = [], channels }: LoadOptions,
): Promise<RunSpec> {
  const parsed = RunSpec.safeParse(value);
  if (!parsed.success) throw errorOf(problemsOf(RunSpec, value, parsed.error.issues));
  const spec = withAbsolutePaths(parsed.data, folder);
  const awaited = later.map((field) => `${field}.`);
  const missing = (await unreadableFiles(spec)).filter(
    ({ path }) => !awaited.some((field) => `${path.map(String).join('.')}.`.startsWith(field)),
  );
  const problems = [...contradictions(spec), ...notifyProblems(spec.notify, channels), ...missing];
  if (problems.length > 0) throw errorOf(problems);
  return spec;
}

export interface YamlFile {
  readonly value: unknown;
  /** What is wrong with the value, each with its place in the file. */
  readonly errorOf: (problems: readonly Problem[]) => ExperimentError;
}

/** A file of `key: value` lines. */
export async function openYaml(file: string, options: LoadOptions = {}): Promise<YamlFile> {
  return openYamlBytes(file, await readBytes(file), options);
}

/** The same of what a file holds; `file`: what it is called in what is said of it. */
export function openYamlBytes(file: string, bytes: Uint8Array, { set = [] }: LoadOptions): YamlFile {
  const { document, lines } = parseYaml(file, bytes);
  return {
    value: changed(toValue(file, document), readSettings(set)),
    errorOf: (problems) =>
      new ExperimentError(
        problems.map(
          ({ path, message, against }) =>
            `${blamed(set, path, against) ?? place(file, document, lines, path)}: ${message}`,
        ),
        { fields: problems.map(({ path }) => path) },
      ),
  };
}

/** What was set on the command line is to blame for its fault, whatever stands in the file. */
function blamed(set: readonly string[], path: readonly PropertyKey[], against: string | undefined): string | undefined {
  const name = path.map(String).join('.');
  const ofField = (field: string, text: string): boolean => {
    const changed = fieldOf(text);
    return field === changed || field.startsWith(`${changed}.`);
  };
  const override =
    set.findLast((text) => ofField(name, text)) ??
    (against === undefined ? undefined : set.findLast((text) => ofField(against, text)));
  return override === undefined ? undefined : `--set ${override}: ${name}`;
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    const remedy =
      code === 'ENOENT' ? 'there is no such file. Check the path' : `cannot be read (${code}). Name a file`;
    throw new ExperimentError([`${file}: ${remedy}; examples are in examples/.`], { cause: error });
  }
}

function parseYaml(file: string, bytes: Uint8Array): { document: Document; lines: LineCounter } {
  const decoded = decodeYaml(bytes);
  const read = 'text' in decoded ? parseYamlText(decoded.text) : decoded;
  if ('document' in read) return read;
  throw new ExperimentError(
    read.faults.map(({ at, message }) => `${at === undefined ? file : `${file}:${at}`}: ${message}.`),
  );
}

/** `path` of `path=value`, an abbreviation written out. */
function fieldOf(override: string): string {
  const name = override.slice(0, override.indexOf('='));
  return ALIASES[name] ?? name;
}

function toValue(file: string, document: Document): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    throw new ExperimentError([`${file}: not usable YAML: ${messageOf(error)}. Write the values out.`], {
      cause: error,
    });
  }
}

/** `file:line:column path`, as far as the field or the section around it is in the file. */
function place(file: string, document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  const offset = offsetOf(document, path);
  const name = path.length === 0 ? '' : ` ${path.map(String).join('.')}`;
  if (offset === undefined) return `${file}${name}`;
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}${name}`;
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (!isMap(parent)) continue;
    const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path[length - 1]);
    if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0];
  }
  return undefined;
}

/** A worker may run in another folder, so paths are made absolute where the experiment file's folder is known. */
export function withAbsolutePaths(spec: RunSpec, folder: string): RunSpec {
  return {
    ...spec,
    model: { ...spec.model, tokenizer: resolve(folder, spec.model.tokenizer) },
    data: withAbsoluteData(spec.data, folder),
    train: withAbsoluteModule(spec.train, folder),
    evaluate: withAbsoluteSuites(spec.evaluate, folder),
    ...(spec.python !== undefined && { python: withAbsolutePython(spec.python, folder) }),
  };
}

/** An interpreter without a slash is looked for on the worker's PATH. */
function withAbsolutePython({ interpreter, requirements }: PythonSpec, folder: string): PythonSpec {
  return {
    ...(interpreter !== undefined && {
      interpreter: interpreter.includes('/') ? resolve(folder, interpreter) : interpreter,
    }),
    ...(requirements !== undefined && { requirements: resolve(folder, requirements) }),
  };
}

function withAbsoluteData(data: RunSpec['data'], folder: string): RunSpec['data'] {
  const { train, chatTemplate } = data;
  return {
    ...data,
    train: absoluteFiles(train, folder),
    ...(chatTemplate !== undefined && { chatTemplate: resolve(folder, chatTemplate) }),
  };
}

function absoluteFiles(files: string | string[], folder: string): string | string[] {
  return typeof files === 'string' ? resolve(folder, files) : files.map((path) => resolve(folder, path));
}

function withAbsoluteModule(train: RunSpec['train'], folder: string): RunSpec['train'] {
  const { objective } = train;
  if (objective === undefined || !isCode(objective)) return train;
  return { ...train, objective: movedCode(objective, (path) => resolve(folder, path)) };
}

function withAbsoluteSuites(evaluate: RunSpec['evaluate'], folder: string): RunSpec['evaluate'] {
  const { suites, loss } = evaluate;
  const main = {
    ...evaluate,
    ...absoluteSuite(evaluate, folder),
    ...(loss !== undefined && { loss: { ...loss, data: absoluteFiles(loss.data, folder) } }),
  };
  if (suites === undefined) return main;
  const named = Object.entries(suites).map(([name, suite]) => [name, { ...suite, ...absoluteSuite(suite, folder) }]);
  return { ...main, suites: Object.fromEntries(named) as typeof suites };
}

/** A prompt set that was added before has no path; nor has a grader that is no code of the user's. */
function absoluteSuite({ prompts, grader }: SuiteSpec, folder: string): Pick<SuiteSpec, 'prompts' | 'grader'> {
  return {
    prompts: promptsReference(prompts).kind === 'file' ? resolve(folder, prompts) : prompts,
    grader: isCode(grader) ? movedCode(grader, (path) => resolve(folder, path)) : grader,
  };
}
