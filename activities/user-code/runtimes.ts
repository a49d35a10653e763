/** What runs a user's file: Node, or a Python. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Runtime {
  /** Of the file that it is given. */
  readonly extension: string;
  /** What an interpreter needs; nothing of the worker's own. */
  readonly environment: Readonly<Record<string, string>>;
  start(memoryBytes: number): { readonly command: string; readonly args: readonly string[] };
}

/** Where systems keep their programs. */
const PATH = '/usr/local/bin:/usr/bin:/bin';
const LOCALE = { LANG: 'C.UTF-8', TZ: 'UTC' };

const MEGABYTE = 1024 * 1024;
/** The thread beside it says where the memory went; V8 would only say that there is none. */
const HEAP_SLACK = 1.5;

/** The program that runs JavaScript: compiled, wherever this file is. */
export const JAVASCRIPT_PROGRAM = programOf('main.js');

export const javascript: Runtime = {
  extension: '.mjs',
  environment: { PATH, ...LOCALE },
  start: (memoryBytes) => ({
    command: process.execPath,
    args: [`--max-old-space-size=${Math.ceil((memoryBytes * HEAP_SLACK) / MEGABYTE)}`, JAVASCRIPT_PROGRAM],
  }),
};

const RUNNER = fileURLToPath(new URL('./child/runner.py', import.meta.url));

export function python(interpreter: string): Runtime {
  return {
    extension: '.py',
    // Without it what a set of texts yields would be another order each time.
    environment: { PATH, ...LOCALE, PYTHONHASHSEED: '0', PYTHONNOUSERSITE: '1' },
    // Unbuffered: what was printed before a crash is what one wants to see. No bytecode: the folder is another's.
    start: () => ({ command: interpreter, args: ['-u', '-B', RUNNER] }),
  };
}

/** Beside this file where that is compiled; in the compiled tree where it is run from its source. */
function programOf(name: string): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const beside = join(here, 'child', name);
  if (existsSync(beside)) return beside;
  return join(here, '..', '..', 'lib', 'activities', 'user-code', 'child', name);
}
