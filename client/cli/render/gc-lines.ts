/** What retention removes, and why the rest stays, in words. Pure. */
import type {
  GcReport,
  KeptCheckpoint,
  Listing,
  UnreachableArtifact,
  UnreachableSamples,
} from '../../../domain/words/gc.ts';

const SHORT = 12;

export function gcLines(report: GcReport, { verbose }: { verbose: boolean }): string[] {
  const { dryRun, samples, artifacts, keptCheckpoints, keptArtifacts } = report;
  const verb = dryRun ? 'would be removed' : 'removed';
  return [
    `${verb}: samples of ${count(samples.count, 'checkpoint')}, ${sizeText(samples.bytes)}`,
    ...samples.items.map(samplesText),
    ...more(samples),
    `${verb}: ${count(artifacts.count, 'artifact')}, ${sizeText(artifacts.bytes)}`,
    ...artifacts.items.map(artifactText),
    ...more(artifacts),
    `kept: ${count(keptCheckpoints.count, 'checkpoint')}; ` +
      `${count(keptArtifacts.count, 'artifact')}, ${sizeText(keptArtifacts.bytes)}${verbose ? '' : ' (--verbose says why)'}`,
    ...(verbose
      ? [
          ...keptCheckpoints.items.map(keptText),
          ...more(keptCheckpoints),
          ...keptArtifacts.items.map(
            ({ hash, bytes, reason }) => `  ${hash.slice(0, SHORT)}  ${sizeText(bytes)}  ${reason}`,
          ),
          ...more(keptArtifacts),
        ]
      : []),
  ];
}

function samplesText({ runId, checkpoint, evaluations, samples, bytes }: UnreachableSamples): string {
  const of = `${count(samples, 'sample')} of ${count(evaluations, 'evaluation')}`;
  return `  ${runId}  ${checkpoint}  ${of}  ${sizeText(bytes)}`;
}

function artifactText({ hash, bytes, promptSet }: UnreachableArtifact): string {
  return `  ${hash.slice(0, SHORT)}  ${sizeText(bytes)}${promptSet ? '  a prompt set without a name' : ''}`;
}

function keptText({ runId, checkpoint, reasons }: KeptCheckpoint): string {
  return `  ${runId}  ${checkpoint}  ${reasons.join('; ')}`;
}

function more({ items, count: all }: Listing<unknown>): string[] {
  return all > items.length ? [`  and ${all - items.length} more`] : [];
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

/** `512 B`, `1.5 kB`, `20.3 MB`. */
function sizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
