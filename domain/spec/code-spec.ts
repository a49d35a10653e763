/** A user's own code in an experiment: a JavaScript module or a Python file, and what its process may have. */
import { z } from 'zod';

/** Workers hand out no other variable: a spec must not be able to send, say, the platform's own key somewhere. */
export const workersVariable = z
  .string()
  .regex(/^PAWL_GRADER_[A-Z0-9_]+$/, 'name a variable of the worker’s environment that begins with PAWL_GRADER_');

export const codeOptions = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).default({});

const name = z.string().regex(/^[A-Za-z_]\w*$/, 'name a function of the file');

const limits = {
  timeoutSeconds: z.number().positive().max(3600).default(60).describe('of one call; what takes longer is ended'),
  memoryMegabytes: z.number().int().min(64).default(2048).describe('of its process; what takes more is ended'),
  environment: z
    .record(
      z.string().regex(/^[A-Za-z_]\w*$/, 'name a variable'),
      z.union([z.string(), z.strictObject({ from: workersVariable })]),
    )
    .optional()
    .describe(
      'the variables that the code sees, besides those of any process: {NAME: text} or {NAME: {from: PAWL_GRADER_…}}',
    ),
};

export const moduleFields = {
  module: z
    .string()
    .min(1)
    .regex(/(?<!\.py)$/, 'is a Python file: write `python: ` in place of `module: `')
    .describe('path of a JavaScript module, from the experiment file'),
  function: name.optional(),
  options: codeOptions,
  ...limits,
};

export const pythonFields = {
  python: z
    .string()
    .min(1)
    .regex(/\.py$/, 'is no Python file: write `module: ` for JavaScript')
    .describe('path of a Python file, from the experiment file'),
  function: name.optional(),
  options: codeOptions,
  ...limits,
};

/** Of the whole experiment. */
export const PythonSpec = z.strictObject({
  interpreter: z.string().min(1).optional().describe('a name on the worker’s PATH, or a path'),
  requirements: z
    .string()
    .min(1)
    .optional()
    .describe('path of a list of packages, each with its version (name==1.2.3); the worker installs them with uv'),
});
export type PythonSpec = z.output<typeof PythonSpec>;

const Module = z.strictObject(moduleFields);
const Python = z.strictObject(pythonFields);
export type CodeSpec = z.output<typeof Module> | z.output<typeof Python>;

/** Where the file is. */
export function codePath(
  code: Pick<z.output<typeof Module>, 'module'> | Pick<z.output<typeof Python>, 'python'>,
): string {
  return 'module' in code ? code.module : code.python;
}

/** The field that names it. */
export function codeField(code: object): 'module' | 'python' {
  return 'module' in code ? 'module' : 'python';
}

/** Whether a choice between names and code is code. */
export function isCode<Choice>(choice: Choice): choice is Extract<Choice, CodeSpec> {
  return typeof choice === 'object' && choice !== null && ('module' in choice || 'python' in choice);
}

/** The same choice with its file elsewhere. */
export function movedCode<Choice extends CodeSpec>(choice: Choice, move: (path: string) => string): Choice {
  return 'module' in choice ? { ...choice, module: move(choice.module) } : { ...choice, python: move(choice.python) };
}
