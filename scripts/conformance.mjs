/**
 * Conformance: the vendor's Python SDK, unmodified, and our own client drive the sandbox; numbers and wire must agree.
 * Installs the SDK into a private folder first (`$PAWL_CACHE/conformance`, else `.pawl/conformance`), once per set of pins.
 *
 *     npm run conformance                       # the newest SDK that there was
 *     npm run conformance -- --sdk oldest       # the oldest that the vendor supports: 1.2.24 with tinker 0.23
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureAll, fail, root } from './ensure.mjs';

const SDKS = { newest: 'requirements.txt', oldest: 'requirements-oldest.txt' };
const PYTHONS = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11'];
/** Prints what wheels depend on, and fails on a Python that the SDK's training part refuses. */
const PROBE =
  'import platform, sys; assert sys.version_info >= (3, 11); print(sys.implementation.cache_tag, sys.platform, platform.machine())';

const sdk = chosenSdk();
const REQUIREMENTS = join(root, 'test', 'conformance', SDKS[sdk]);
ensureAll();
const python = findPython();
const packages = install(python);
const main = join(root, 'lib', 'test', 'conformance', 'main.js');
const { status } = spawnSync(process.execPath, [main, python.command, packages, sdk], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);

function chosenSdk() {
  const { sdk: chosen } = parseArgs({ options: { sdk: { type: 'string', default: 'newest' } } }).values;
  return Object.hasOwn(SDKS, chosen) ? chosen : fail(`--sdk ${chosen}: there is ${Object.keys(SDKS).join(' and ')}.`);
}

function findPython() {
  for (const command of PYTHONS) {
    const probe = spawnSync(command, ['-c', PROBE], { encoding: 'utf8' });
    if (probe.status === 0) return { command, tag: probe.stdout.trim() };
  }
  return fail(
    `The vendor's SDK needs Python 3.11 or newer; none of ${PYTHONS.join(', ')} is. Install it from python.org.`,
  );
}

/** Where the SDK is; a folder that exists is complete, because it was renamed to its name when it was. */
function install({ command, tag }) {
  const pins = createHash('sha256').update(readFileSync(REQUIREMENTS)).update(tag).digest('hex').slice(0, 16);
  const home = join(process.env.PAWL_CACHE || join(root, '.pawl'), 'conformance');
  const folder = join(home, pins);
  if (existsSync(folder)) return folder;
  console.error(
    `pawl: installing the vendor's SDK into ${folder} (40 MB to download, this once; the oldest needs more)`,
  );
  mkdirSync(home, { recursive: true });
  const partial = `${folder}.${process.pid}`;
  // Ctrl-C ends the installer, whose failure then removes what it left.
  process.on('SIGINT', () => undefined);
  const ok = installer(command, partial);
  if (ok && !existsSync(folder)) renameSync(partial, folder);
  rmSync(partial, { recursive: true, force: true });
  if (!ok)
    fail("The vendor's SDK could not be installed: see above. Check the network and the package index, and try again.");
  return folder;
}

/** pip of that Python, or else uv; with either, nothing that does not match its pinned hash. */
function installer(command, target) {
  const flags = [
    '--quiet',
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '--target',
    target,
    '-r',
    REQUIREMENTS,
  ];
  // A user's pip configuration may ask for --user, which pip refuses together with --target.
  const env = { ...process.env, PIP_USER: '0', PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  const run = (program, args, stdio) => spawnSync(program, args, { env, stdio }).status === 0;
  if (run(command, ['-m', 'pip', '--version'], 'ignore')) {
    return run(command, ['-m', 'pip', 'install', '--no-compile', ...flags], 'inherit');
  }
  if (run('uv', ['--version'], 'ignore'))
    return run('uv', ['pip', 'install', '--python', command, ...flags], 'inherit');
  return fail(`${command} has no pip, and there is no uv: install one of them.`);
}
