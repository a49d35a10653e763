/** Has an experiment looked at, by a program of the worker's room: started for it, and gone afterwards. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CheckLine, type CheckOrder, type CheckReport } from '../../domain/words/check.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { ClientConfig } from '../config.ts';
import { messageOf, UserError } from '../errors.ts';
import { locate } from './locate.ts';
import { builtProgram } from './paths.ts';
import { SANDBOX_KEY } from './sandbox-key.ts';

export interface CheckOptions {
  /** Ask no platform for the shape. */
  readonly offline?: boolean;
  readonly onProgress?: (progress: { percent: number; examples: number }) => void;
}

const MOST_STDERR = 4_000;

/** Everything that a run's plan would find, and examples to look at. Needs no Temporal and no store. */
export async function checkExperiment(
  config: ClientConfig,
  spec: RunSpec,
  { offline = false, onProgress }: CheckOptions = {},
): Promise<CheckReport> {
  const env = { ...config.inherited, PAWL_HOME: config.home, ...(offline ? {} : await platformOf(config)) };
  const child = spawn(process.execPath, [builtProgram('worker/check')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const over = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(messageOf(error)));
    child.once('close', (code, killedBy) => resolve(killedBy === null ? `ended with ${code}` : `ended by ${killedBy}`));
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-MOST_STDERR)));
  // One that could not be started, or ended early, says so by itself.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify({ spec } satisfies CheckOrder));
  let report: CheckReport | undefined;
  for await (const text of createInterface({ input: child.stdout })) {
    const line = CheckLine.parse(JSON.parse(text));
    if ('progress' in line) onProgress?.(line.progress);
    else if ('report' in line) report = line.report;
    else said = line.failed;
  }
  const how = await over;
  if (report !== undefined) return report;
  throw new UserError(`The experiment could not be looked at: ${messageOf(said === '' ? how : said)}`, '');
}

/** Of the stack that is up, or of the key that is set; nobody's where there is neither. */
async function platformOf(config: ClientConfig): Promise<Readonly<Record<string, string>>> {
  const { stack } = await locate(config);
  if (stack?.sandboxUrl !== undefined) {
    return { FIREWORKS_API_KEY: SANDBOX_KEY, FIREWORKS_BASE_URL: stack.sandboxUrl };
  }
  return config.fireworksApiKey === undefined ? {} : config.platform;
}
