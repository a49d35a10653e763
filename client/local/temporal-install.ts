/** Installs the Temporal CLI into pawl's cache: whole or not at all, however often, and wherever at once. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { INSTALLERS, type InstallContext, type Installer } from './temporal-installers.ts';
import { BINARY_NAME } from './temporal-release.ts';
import { acceptedVersion } from './temporal-version.ts';

const PARTIAL = '.partial-';
/** An unfinished installation older than this belongs to a process that was killed. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/** What is installed already, best first. */
export function cachedBinaries(cache: string): readonly string[] {
  const releases = new Set(INSTALLERS.map((installer) => installer.release));
  return [...releases].map((release) => binaryOf(join(cache, 'temporal', release))).filter((path) => existsSync(path));
}

/** Returns the installed binary, or why each way to install it failed. */
export async function installTemporal(cache: string, context: InstallContext): Promise<string | readonly string[]> {
  const parent = join(cache, 'temporal');
  await makeFolder(parent);
  await removeAbandoned(parent);
  const failures: string[] = [];
  for (const installer of INSTALLERS) {
    const installed = await installWith(installer, parent, context);
    if (installed.ok) return installed.binary;
    failures.push(`${installer.name}: ${installed.reason}`);
  }
  return failures;
}

async function installWith(
  installer: Installer,
  parent: string,
  context: InstallContext,
): ReturnType<Installer['fetch']> {
  const folder = await mkdtemp(join(parent, PARTIAL));
  try {
    const fetched = await installer.fetch(folder, context);
    if (!fetched.ok) return fetched;
    const version = await acceptedVersion(fetched.binary, context.env);
    if (!version.ok) return { ok: false, reason: `what it fetched cannot be used: ${version.reason}` };
    const binary = binaryOf(folder);
    if (fetched.binary !== binary) {
      await mkdir(join(folder, 'bin'), { recursive: true });
      await rename(fetched.binary, binary);
    }
    const release = join(parent, installer.release);
    await publish(folder, release);
    return { ok: true, binary: binaryOf(release) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The rename is the moment of installation: a reader sees the whole folder or none. */
async function publish(folder: string, release: string): Promise<void> {
  if (existsSync(release) && !existsSync(binaryOf(release))) await rm(release, { recursive: true, force: true });
  try {
    await rename(folder, release);
  } catch (error) {
    // Another process was quicker: its installation is as good as ours.
    if (!existsSync(binaryOf(release))) throw error;
  }
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PARTIAL)) continue;
    const path = join(parent, name);
    const status = await stat(path).catch(() => undefined);
    if (status !== undefined && Date.now() - status.mtimeMs > ABANDONED_AFTER_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

function binaryOf(release: string): string {
  return join(release, 'bin', BINARY_NAME);
}
