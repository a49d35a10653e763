/** Planning of many rows, beside Python's `datasets.map` with the same tokenizer, one after the other on one machine. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { builtProgram, packageRoot } from '../../client/local/paths.ts';
import { writeConversations, writeTokenizer } from './rows.ts';

export interface Planned {
  readonly by: string;
  readonly rows: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** At most, of the process with its threads; of Python, of both kinds of processes. */
  readonly megabytes: number;
}

const TOKENS = 260_000;
const run = promisify(execFile);

/** `python`: an interpreter that has datasets and transformers; absent: pawl alone is measured. */
export async function measurePlan(options: {
  rows: number;
  /** Of each conversation. */
  words: number;
  python?: string | undefined;
  log: (message: string) => void;
}): Promise<Planned[]> {
  const { rows, words, python, log } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pawl-bench-plan-'));
  try {
    await writeTokenizer(folder, TOKENS);
    await writeConversations(folder, { rows, words });
    log(`${rows} conversations written`);
    const measured = [await planned('pawl', process.execPath, [builtProgram('bench/plan/import'), folder])];
    if (python === undefined) return measured;
    const script = join(packageRoot(), 'bench/plan/datasets_map.py');
    return [...measured, await planned('datasets.map', python, [script, folder])];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function planned(by: string, program: string, args: string[]): Promise<Planned> {
  const { stdout } = await run(program, args, { maxBuffer: 1 << 26 });
  const line = stdout.trim().split('\n').at(-1) ?? '';
  return { by, ...(JSON.parse(line) as Omit<Planned, 'by'>) };
}
