/**
 * Installs what is missing and builds what is stale, and only that; says each thing it does in one line.
 * Plain JavaScript without dependencies: it runs on a fresh clone.
 *
 *     node scripts/ensure.mjs
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const BUILD_STAMP = join(root, 'lib', '.build-hash');

/** Dependencies and build, both up to date. */
export function ensureAll() {
  ensureDependencies();
  ensureBuild();
}

/** Runs `npm ci` if node_modules is not what package-lock.json says. */
export function ensureDependencies() {
  requireNode();
  const reason = dependenciesDiffer();
  if (reason === undefined) return;
  say(`installing dependencies: ${reason}`);
  npm(
    ['ci', '--loglevel=error'],
    'npm could not install the dependencies. Check the network and the registry, and try again.',
  );
}

/** Runs the build if lib/ was made from other sources than those that are here; says whether it did. */
export function ensureBuild() {
  const hash = sourcesHash();
  if (existsSync(BUILD_STAMP) && readFileSync(BUILD_STAMP, 'utf8') === hash) return false;
  say(existsSync(BUILD_STAMP) ? 'building: the sources changed' : 'building');
  rmSync(BUILD_STAMP, { force: true });
  npm(['run', '--silent', 'build'], 'The build failed: see above.');
  mkdirSync(join(root, 'lib'), { recursive: true });
  writeFileSync(BUILD_STAMP, hash);
  return true;
}

/** Runs npm in the project, whichever npm started us; ends this process with a message if it fails. */
export function npm(args, failure) {
  const cli = process.env.npm_execpath;
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []];
  const result = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: 'inherit',
    shell: command === 'npm' && process.platform === 'win32',
  });
  if (result.status === 0) return;
  fail(result.error ? `${failure} (${result.error.message})` : failure, result.status ?? 1);
}

/** Ends this process with a one-line message. */
export function fail(message, code = 1) {
  console.error(`pawl: ${message}`);
  process.exit(code);
}

function say(message) {
  console.error(`pawl: ${message}`);
}

function requireNode() {
  const wanted = readJson('package.json').engines.node.replace('>=', '');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  fail(
    `Node ${process.versions.node} is too old: pawl needs ${wanted} or newer. Install it from nodejs.org or with nvm.`,
  );
}

/** Compares what npm installed, by its own record, with the lock file; package by package, so that a rename is no difference. */
function dependenciesDiffer() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return 'there are none';
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const { '': _project, ...wanted } = readJson('package-lock.json').packages;
  for (const [path, { integrity, version, optional }] of Object.entries(wanted)) {
    const present = installed[path];
    // Optional packages are made for one platform each: those of others are rightly absent.
    if (present === undefined && optional) continue;
    if (present?.version !== version || present.integrity !== integrity)
      return `${path} differs from package-lock.json`;
  }
  const superfluous = Object.keys(installed).find((path) => !(path in wanted));
  return superfluous && `${superfluous} is not in package-lock.json`;
}

/** Everything the build reads: sources, compiler settings, and the versions of what is bundled. */
function sourcesHash() {
  const settings = ['tsconfig.json', 'package.json', 'package-lock.json', 'scripts/bundle-programs.mjs'];
  const folders = readJson('tsconfig.json').include;
  const sources = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => /\.(ts|py)$/.test(name))
      .map((name) => join(folder, name)),
  );
  const hash = createHash('sha256').update(process.versions.node);
  for (const file of [...settings, ...sources.sort()]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function readJson(name) {
  return JSON.parse(readFileSync(join(root, name), 'utf8'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensureAll();
