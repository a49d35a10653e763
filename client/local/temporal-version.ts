/** Asks a `temporal` binary for its version, and says whether pawl can use it. */
import { runCommand } from './run-command.ts';
import { TEMPORAL_RELEASE } from './temporal-release.ts';

type VersionResult =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly missing: boolean; readonly reason: string };

/** The version of a binary that is new enough, or the reason why it cannot be used. */
export async function acceptedVersion(binary: string, env: Readonly<Record<string, string>>): Promise<VersionResult> {
  const result = await runCommand(binary, ['--version'], { env, timeoutMs: 20_000 });
  if (!result.ok) return result;
  const version = /^temporal version (\d+\.\d+\.\d+)/.exec(result.output)?.[1];
  if (version === undefined) return { ok: false, missing: false, reason: 'it is not the Temporal CLI' };
  if (isAtLeast(version, TEMPORAL_RELEASE.oldest)) return { ok: true, version };
  return { ok: false, missing: false, reason: `it is ${version}, and pawl needs ${TEMPORAL_RELEASE.oldest} or newer` };
}

function isAtLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, 'en', { numeric: true }) >= 0;
}
