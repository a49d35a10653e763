/**
 * How far the process of a user's code is cut off from what else runs on the machine. A process can read the environment
 * of every other one of the same user through /proc, the worker's with its keys among them, and of the shell that started
 * it: no environment of its own prevents that. What does is a /proc of its own, or another user.
 */
import { spawn } from 'node:child_process';

interface Started {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

export interface Isolation {
  /**
   * `namespace`: it sees no process but its own, and what it leaves behind dies with it. `user`: it is another user, who
   * may not look into ours. `none`: it runs as the worker does, and could read the worker's environment if it looked.
   */
  readonly kind: 'namespace' | 'user' | 'none';
  start(command: string, args: readonly string[]): Started;
}

const NAMESPACES = ['--pid', '--fork', '--kill-child', '--mount-proc'];
/** Of the first process of a namespace not even SIGKILL is heard within: so the code is the second one. */
const SECOND = ['/bin/sh', '-c', '"$0" "$@"; exit $?'];
/** Who owns nothing, on every Unix. */
const NOBODY = 65_534;

/** The strictest that this machine allows, found by trying. `program`: what another user must be able to read. */
export async function findIsolation(program: string): Promise<Isolation> {
  for (const flags of [['--user', '--map-current-user'], []]) {
    const namespaces = [...flags, ...NAMESPACES, '--', ...SECOND];
    if (!(await works('unshare', [...namespaces, process.execPath, '--version']))) continue;
    return {
      kind: 'namespace',
      start: (command, args) => ({ command: 'unshare', args: [...namespaces, command, ...args] }),
    };
  }
  const nobody = { uid: NOBODY, gid: NOBODY };
  if (process.getuid?.() === 0 && (await works(process.execPath, ['--check', program], nobody))) {
    return { kind: 'user', start: (command, args) => ({ command, args, ...nobody }) };
  }
  return { kind: 'none', start: (command, args) => ({ command, args }) };
}

async function works(
  command: string,
  args: readonly string[],
  as: { uid?: number; gid?: number } = {},
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', timeout: 20_000, killSignal: 'SIGKILL', env: {}, ...as });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}
