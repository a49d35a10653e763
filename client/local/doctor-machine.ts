/** The checks of `doctor` that concern this machine. */
import { readFileSync } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Finding } from './finding.ts';
import { packageRoot } from './paths.ts';

const Manifest = z.object({ engines: z.object({ node: z.string() }) });
/** The Temporal server takes 160 MB; each base checkpoint of the sandbox some more. */
const LITTLE_SPACE_MB = 1024;

export async function nodeCheck(): Promise<Finding> {
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')));
  const wanted = manifest.engines.node.replace('>=', '');
  const { node } = process.versions;
  if (node.localeCompare(wanted, 'en', { numeric: true }) >= 0) return { status: 'ok', detail: node };
  return { status: 'fail', detail: `${node} is too old`, remedy: `Install Node.js ${wanted} or newer.` };
}

export function homeCheck(home: string): Promise<Finding> {
  return writable(home, 'Make it writable, or choose another with PAWL_HOME.');
}

export function cacheCheck(cache: string): Promise<Finding> {
  return writable(cache, 'Make it writable, or choose another with PAWL_CACHE.');
}

export async function diskCheck(home: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestExisting(home));
  const freeMb = Math.floor((bavail * bsize) / 1024 / 1024);
  const detail = `${(freeMb / 1024).toFixed(1)} GB free`;
  if (freeMb >= LITTLE_SPACE_MB) return { status: 'ok', detail };
  return { status: 'warn', detail, remedy: 'Free some space, or put PAWL_HOME on a larger disk.' };
}

async function writable(folder: string, remedy: string): Promise<Finding> {
  const existing = await nearestExisting(folder);
  if (!(await stat(existing)).isDirectory()) return { status: 'fail', detail: `${existing} is no folder`, remedy };
  try {
    await access(existing, constants.W_OK | constants.X_OK);
    return { status: 'ok', detail: existing === folder ? folder : `${folder} (will be made)` };
  } catch {
    return { status: 'fail', detail: `${existing} is not writable`, remedy };
  }
}

/** The folder itself, or the one in which it would be made. */
async function nearestExisting(folder: string): Promise<string> {
  for (let path = folder; ; path = dirname(path)) {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists || path === dirname(path)) return path;
  }
}
