/** The vendor's SDK as a driver: our Python script in a child process, one JSON line per check. */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Sdk } from './allowed.ts';
import { Check } from './check.ts';

const SCRIPTS = join(process.cwd(), 'test', 'conformance');
/** Half a minute where nobody else is at work; on two crowded processors it was three. */
const DEADLINE_MS = 900_000;

export interface Python {
  readonly command: string;
  /** The private folder that the SDK was installed into. */
  readonly packages: string;
  readonly which: Sdk;
}

interface Errand {
  readonly script: 'drive.py' | 'recipes.py';
  readonly url: string;
  readonly what: string;
}

/** Runs one of our scripts, `drive.py` or `recipes.py`, on a platform; `what` is the file that says what it is to do. */
export async function runScript(python: Python, { script, url, what }: Errand): Promise<readonly Check[]> {
  // The stand-in for PyTorch comes last: a real one beside the SDK is preferred.
  const path = [SCRIPTS, python.packages, join(SCRIPTS, 'stand_in')].join(delimiter);
  const child = spawn(python.command, ['-s', join(SCRIPTS, script), url, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Nothing else is inherited: neither a key for the real platform nor a proxy.
    env: {
      PATH: process.env['PATH'],
      PYTHONPATH: path,
      // Beside the packages: the checkout stays as it is, and the second run starts sooner.
      PYTHONPYCACHEPREFIX: join(python.packages, '.pycache'),
      // Usage events still go to trainers that were returned, which the oldest SDK tells at length.
      ...((script === 'recipes.py' || python.which === 'oldest') && { TINKER_TELEMETRY: '0' }),
    },
  });
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve).on('error', reject);
  });
  // Awaited below; a failure before that must not count as unhandled.
  ended.catch(() => undefined);
  try {
    const checks: Check[] = [];
    for await (const line of createInterface(child.stdout)) checks.push(Check.parse(JSON.parse(line)));
    const code = await ended;
    if (code === 0 || code === 1) return checks;
    const { name = 'the start' } = checks.at(-1) ?? {};
    throw new Error(`${script} ${code === null ? 'was ended' : `exited with ${code}`} after "${name}"`);
  } finally {
    clearTimeout(deadline);
    child.kill('SIGKILL');
  }
}
