/** Loads an experiment file: YAML in, a valid `RunSpec` with absolute paths out, or every problem with its remedy. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LineCounter, isMap, isNode, isScalar, parse, parseDocument, type Document } from 'yaml';
import { promptsReference } from '../../domain/words/prompts.ts';
import { isCode, movedCode, type PythonSpec } from '../../domain/spec/code-spec.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import type { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import { UserError, messageOf } from '../errors.ts';
import { contradictions, unreadableFiles } from './checks.ts';
import { problemsOf, type Problem } from './problems.ts';

/** Raised when an experiment cannot be run as it stands: nothing was submitted. One line per problem. */
export class ExperimentError extends UserError {
  override readonly name = 'ExperimentError';
  /** Each names the file, the place, the field, what is wrong and the remedy. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options: { cause?: unknown } = {}) {
    super(problems.join('\n'), '', options);
    this.problems = problems;
  }
}

export interface LoadOptions {
  /** Overrides, as `path=value` with the value in YAML: `train.steps=100`. */
  readonly set?: readonly string[];
}

/** Reads and validates one experiment; fails with an `ExperimentError` that lists every problem found. */
export async function loadExperiment(file: string, options: LoadOptions = {}): Promise<RunSpec> {
  const { value, errorOf } = await openYaml(file, options);
  const parsed = RunSpec.safeParse(value);
  if (!parsed.success) throw errorOf(problemsOf(RunSpec, value, parsed.error.issues));
  const spec = withAbsolutePaths(parsed.data, dirname(resolve(file)));
  const problems = [...contradictions(spec), ...(await unreadableFiles(spec))];
  if (problems.length > 0) throw errorOf(problems);
  return spec;
}

interface YamlFile {
  readonly value: unknown;
  /** What is wrong with the value, each with its place in the file. */
  readonly errorOf: (problems: readonly Problem[]) => ExperimentError;
}

/** A file of `key: value` lines. */
export async function openYaml(file: string, { set = [] }: LoadOptions = {}): Promise<YamlFile> {
  const lines = new LineCounter();
  const document = parseYaml(file, await readText(file), lines);
  for (const override of set) applyOverride(document, override);
  return {
    value: toValue(file, document),
    errorOf: (problems) =>
      new ExperimentError(
        problems.map((problem) => `${place(file, document, lines, problem.path)}: ${problem.message}`),
      ),
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    const remedy =
      code === 'ENOENT' ? 'there is no such file. Check the path' : `cannot be read (${code}). Name a file`;
    throw new ExperimentError([`${file}: ${remedy}; examples are in examples/.`], { cause: error });
  }
}

function parseYaml(file: string, text: string, lineCounter: LineCounter): Document {
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ExperimentError(
      document.errors.map((error) => {
        const { line, col } = lineCounter.linePos(error.pos[0]);
        return `${file}:${line}:${col}: not valid YAML: ${messageOf(error)}. Correct this line.`;
      }),
    );
  }
  if (!isMap(document.contents)) {
    const found = document.contents === null ? 'is empty' : 'holds no "key: value" lines';
    throw new ExperimentError([`${file}: ${found}. Start from a file in examples/; "name:" comes first.`]);
  }
  return document;
}

function applyOverride(document: Document, override: string): void {
  const at = override.indexOf('=');
  if (at < 1) throw new ExperimentError([`--set ${override}: expected path=value, for example --set train.steps=100.`]);
  const path = override.slice(0, at).split('.');
  try {
    document.setIn(path, document.createNode(parse(override.slice(at + 1))));
  } catch (error) {
    throw new ExperimentError([`--set ${override}: ${messageOf(error)}. Give a field of the experiment and a value.`], {
      cause: error,
    });
  }
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
    train: typeof train === 'string' ? resolve(folder, train) : train.map((path) => resolve(folder, path)),
    ...(chatTemplate !== undefined && { chatTemplate: resolve(folder, chatTemplate) }),
  };
}

function withAbsoluteModule(train: RunSpec['train'], folder: string): RunSpec['train'] {
  const { objective } = train;
  if (objective === undefined || !isCode(objective)) return train;
  return { ...train, objective: movedCode(objective, (path) => resolve(folder, path)) };
}

function withAbsoluteSuites(evaluate: RunSpec['evaluate'], folder: string): RunSpec['evaluate'] {
  const { suites } = evaluate;
  const main = { ...evaluate, ...absoluteSuite(evaluate, folder) };
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
