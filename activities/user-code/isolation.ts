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
  start(command: string, args: readonly string[], options?: { readonly network?: boolean | undefined }): Started;
}

const NAMESPACES = ['--pid', '--fork', '--kill-child', '--mount-proc'];
/** Of the first process of a namespace not even SIGKILL is heard within: so the code is the second one. */
const SECOND = ['/bin/sh', '-c', '"$0" "$@"; exit $?'];
const TRYING_MS = 20_000;
/** Who owns nothing, on every Unix. */
const NOBODY = 65_534;

/** The strictest that this machine allows, found by trying. `program`: what another user must be able to read. */
export async function findIsolation(program: string): Promise<Isolation> {
  for (const flags of [['--user', '--map-current-user'], []]) {
    const open = [...flags, ...NAMESPACES];
    if (!(await works('unshare', namespaced(open, process.execPath, ['--version'])))) continue;
    const cut = [...open, '--net'];
    const cuts = await works('unshare', namespaced(cut, process.execPath, ['--version']));
    return {
      kind: 'namespace',
      start: (command, args, { network = true } = {}) => ({
        command: 'unshare',
        args: namespaced(network || !cuts ? open : cut, command, args),
      }),
    };
  }
  const nobody = { uid: NOBODY, gid: NOBODY };
  if (process.getuid?.() === 0 && (await works(process.execPath, ['--check', program], nobody))) {
    return { kind: 'user', start: (command, args) => ({ command, args, ...nobody }) };
  }
  return { kind: 'none', start: (command, args) => ({ command, args }) };
}

function namespaced(namespaces: readonly string[], command: string, args: readonly string[]): string[] {
  return [...namespaces, '--', ...SECOND, command, ...args];
}

async function works(
  command: string,
  args: readonly string[],
  as: { uid?: number; gid?: number } = {},
): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'ignore', env: {}, ...as });
    const timer = setTimeout(() => child.kill('SIGKILL'), TRYING_MS);
    const tell = (answer: boolean): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    child.on('error', () => tell(false));
    child.on('exit', (code) => tell(code === 0));
  });
}
