/** The Python that runs a user's file: the worker's, the experiment's, or one with packages that `uv` installs once. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { PinnedPython } from '../../domain/words/plan.ts';
import { sha256, type Artifacts } from '../../store/artifacts/artifacts.ts';

export interface Interpreters {
  /** Its real path; made or looked for once. */
  of(python: PinnedPython): Promise<string>;
}

export interface InterpreterOptions {
  readonly artifacts: Artifacts;
  /** The worker's own: a name or a path. */
  readonly interpreter: string;
  /** `uv`: a name or a path. */
  readonly uv: string;
  /** Where environments are kept, by the hash of what is in them. */
  readonly folder: string;
}

const LEAST_MINOR = 8;
const INSTALLING_MS = 15 * 60_000;
/** A pinned line: `name==1.2.3`, perhaps with extras, a marker or hashes. */
const PINNED = /^[A-Za-z0-9][\w.-]*(\[[\w.,-]+\])?==[\w.!+-]+(\s*;.*|\s+--hash=.*)?$/;

export function createInterpreters({ artifacts, interpreter: own, uv, folder }: InterpreterOptions): Interpreters {
  const known = new Map<string, Promise<string>>();
  return {
    async of(python) {
      const key = JSON.stringify([python.interpreter, python.requirements]);
      const path = known.get(key) ?? found(python);
      known.set(key, path);
      // What could not be had may be there the next time.
      path.catch(() => known.delete(key));
      return path;
    },
  };

  async function found({ interpreter = own, requirements }: PinnedPython): Promise<string> {
    const base = await realInterpreter(interpreter);
    if (requirements === undefined) return base;
    const home = join(folder, sha256(`${base}\n${requirements}`));
    const made = join(home, 'bin', 'python');
    if (await exists(made)) return made;
    await mkdir(folder, { recursive: true });
    const draft = await mkdtemp(join(folder, 'draft-'));
    try {
      const list = join(draft, 'requirements.txt');
      await writeFile(list, await artifacts.get(requirements));
      const venv = join(draft, 'venv');
      // Packages that are built run code of theirs, as the worker: wheels do not.
      await install(uv, { base, venv, packages: ['--quiet', '--only-binary', ':all:', '-r', list] });
      // Complete or not there; another worker may have been faster.
      await rename(venv, home).catch(async (cause: unknown) => {
        if (!(await exists(made))) throw cause;
      });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    return made;
  }
}

/** Stores the list of packages, whose every line must name one version. */
export async function pinRequirements(artifacts: Artifacts, path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new PawlError('InvalidRequest', `python.requirements: ${path} cannot be read by the worker.`, { cause });
  });
  const lines = bytes.toString('utf8').replaceAll('\\\n', ' ').split('\n');
  for (const [index, line] of lines.entries()) {
    const text = line.replace(/(^|\s)#.*$/, '').trim();
    if (text === '' || PINNED.test(text)) continue;
    throw new PawlError(
      'InvalidRequest',
      `python.requirements: ${path}:${index + 1}: "${text.slice(0, 80)}" names no single version: write name==1.2.3 ` +
        '(uv pip compile writes such a list).',
    );
  }
  return artifacts.put(bytes);
}

const Told = z.tuple([z.string().min(1), z.number().int(), z.number().int()]);
const TELL = 'import sys, json; print(json.dumps([sys.executable, *sys.version_info[:2]]))';

/** Past shims and links to it: what starts it must not need the worker's environment. */
async function realInterpreter(interpreter: string): Promise<string> {
  const { output, problem } = await run(interpreter, ['-c', TELL], 30_000);
  const told = Told.safeParse(parsed(output));
  if (problem !== undefined || !told.success) {
    throw new PawlError(
      'InvalidRequest',
      `${interpreter} is no Python that the worker can start (${problem ?? 'it does not answer as one'}): ` +
        'set PAWL_PYTHON on the worker, or python.interpreter in the experiment.',
    );
  }
  const [path, major, minor] = told.data;
  if (major === 3 && minor >= LEAST_MINOR) return path;
  throw new PawlError(
    'InvalidRequest',
    `${interpreter} is Python ${major}.${minor}: 3.${LEAST_MINOR} or newer is needed.`,
  );
}

/** With uv; where there is none, with the pip of that Python. */
async function install(
  uv: string,
  { base, venv, packages }: { base: string; venv: string; packages: readonly string[] },
): Promise<void> {
  const own = join(venv, 'bin', 'python');
  const made = await run(uv, ['venv', '--quiet', '--python', base, venv], INSTALLING_MS);
  if (made.missing !== true) {
    requireDone('uv', made);
    requireDone('uv', await run(uv, ['pip', 'install', '--python', own, ...packages], INSTALLING_MS));
    return;
  }
  const { problem } = await run(base, ['-m', 'pip', '--version'], INSTALLING_MS);
  if (problem !== undefined) {
    throw new PawlError(
      'InvalidRequest',
      'packages of Python: the worker has no uv, which installs them, and its Python no pip: install uv (pip install uv, or ' +
        'PAWL_UV), or set python.interpreter to a Python that has the packages.',
    );
  }
  requireDone('venv', await run(base, ['-m', 'venv', '--without-pip', venv], INSTALLING_MS));
  const pip = ['-m', 'pip', '--python', own, '--disable-pip-version-check', 'install'];
  requireDone('pip', await run(base, [...pip, ...packages], INSTALLING_MS));
}

function requireDone(program: string, { problem }: { readonly problem?: string }): void {
  if (problem === undefined) return;
  throw new PawlError('InvalidRequest', `packages of Python: ${program} could not install them: ${problem}`);
}

async function run(
  command: string,
  args: readonly string[],
  timeout: number,
): Promise<{ readonly output: string; readonly problem?: string; readonly missing?: boolean }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    // Of spawn's own time-out the timer would outlive a program that is not there, and keep the process alive.
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    let output = '';
    let problem = '';
    child.stdout.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(0, 10_000)));
    child.stderr.on('data', (chunk: Buffer) => (problem = (problem + chunk.toString()).slice(-1_000)));
    child.on('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({ output, problem: cause.message, missing: cause.code === 'ENOENT' });
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const ended = `it ended with ${signal ?? `exit code ${code}`}`;
      resolve(code === 0 ? { output } : { output, problem: problem.trim() || ended });
    });
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
