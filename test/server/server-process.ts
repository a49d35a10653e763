/** The API as the process that it is, to be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { builtProgram } from '../../client/local/paths.ts';

export interface ServerProcess {
  readonly url: string;
  readonly port: number;
  /** At once, as a machine that goes away does. */
  kill(): Promise<void>;
}

/** Fails with what it said, where it ends before it listens. */
export async function startServer(
  home: string,
  { port = 0, temporalAddress = '', args = [] }: { port?: number; temporalAddress?: string; args?: string[] } = {},
): Promise<ServerProcess> {
  const env = { ...process.env, PAWL_HOME: home, TEMPORAL_ADDRESS: temporalAddress };
  const child = spawn(process.execPath, [builtProgram('server/main'), '--port', String(port), ...args], { env });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
  const { url } = JSON.parse(line) as { url: string };
  return { url, port: Number(new URL(url).port), kill: async () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await over;
}
