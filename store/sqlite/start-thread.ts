/** Starts one of our programs in a thread, whether this file runs compiled or, in tests, from its source. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** Node 20 reads no TypeScript: what jest transforms for its own process, a thread transforms for itself. */
const FROM_SOURCE = `
const { createRequire, Module } = require('node:module');
const { workerData } = require('node:worker_threads');
const { transformFileSync } = require('@swc/core');
const options = { module: { type: 'commonjs' }, jsc: { target: 'es2022', parser: { syntax: 'typescript' } } };
Module._extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, options).code, file);
createRequire(workerData.program)(workerData.program);
`;

/** `name` is the program's file beside the module `from` (its `import.meta.url`), without its ending. */
export function startThread(from: string, name: string): Worker {
  const source = from.endsWith('.ts');
  const program = fileURLToPath(new URL(`${name}${source ? '.ts' : '.js'}`, from));
  // What the process itself was started with (--eval, --inspect, …) is not for its threads.
  const execArgv: string[] = [];
  return source
    ? new Worker(FROM_SOURCE, { eval: true, execArgv, workerData: { program } })
    : new Worker(program, { execArgv });
}
